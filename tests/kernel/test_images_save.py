"""A saved image has the very bytes that were loaded, whatever its layers look like, or nothing is saved at all."""

from __future__ import annotations

import json
import os
import pty
import shutil
import signal
import stat
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runtime_lib.errors import CorruptData, ImageNotFound, InvalidSpec
from runtime_lib.images import archive, catalog, create, layers, newfile
from runtime_lib.images.save import save
from runtime_lib.images.selection import select
from runtime_lib.paths import Layout
from runtime_lib.store import Store
from tests.support.archives import config, digest, docker_archive, member, raw_header, tar
from tests.support.skiff import Skiff
from tests.support.trees import described, rich_tree

pytestmark = pytest.mark.root
FOLDER, LINK, HARD, CHARACTER, FIFO = (
    tarfile.DIRTYPE,
    tarfile.SYMTYPE,
    tarfile.LNKTYPE,
    tarfile.CHRTYPE,
    tarfile.FIFOTYPE,
)
END = bytes(1024)


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[list[Store]]:
    """Two hosts."""
    opened = [Store(Layout(str(tmp_path / name / "root"), str(tmp_path / name / "run"))) for name in "ab"]
    yield opened
    for store in opened:
        assert os.listdir(store.layout.temporary) == []
        store.close()


@pytest.fixture
def store(stores: list[Store]) -> Store:
    return stores[0]


def saved(store: Store, path: Path, *refs: str) -> Path:
    with newfile.replacing(str(path)) as descriptor:
        save(store, select(store, refs), descriptor)
    return path


def members(path: Path) -> dict[str, bytes]:
    with tarfile.open(path) as file:
        return {info.name: file.extractfile(info).read() for info in file if info.isreg()}  # type: ignore[union-attr]


def blob(path: Path, data: bytes) -> bytes:
    return members(path)[f"blobs/sha256/{digest(data)[7:]}"]


def tarred(folder: Path, *options: str) -> bytes:
    rich_tree(folder)
    return subprocess.run(["tar", "-C", folder, *options, "-cf", "-", "."], check=True, capture_output=True).stdout


LAYERS: dict[str, Callable[[Path], bytes]] = {
    "ustar": lambda _: tar(member("d", kind=FOLDER), member("d/f", b"x" * 1500), form=tarfile.USTAR_FORMAT),
    "gnu": lambda folder: tarred(folder, "--format=gnu"),
    "posix": lambda folder: tarred(folder, "--format=posix", "--xattrs", "--xattrs-include=*"),
    "gnu sparse": lambda folder: tarred(folder, "--format=gnu", "-S"),
    "pax sparse 0.0": lambda folder: tarred(folder, "--format=posix", "-S", "--sparse-version=0.0"),
    "pax sparse 0.1": lambda folder: tarred(folder, "--format=posix", "-S", "--sparse-version=0.1"),
    "pax sparse 1.0": lambda folder: tarred(folder, "--format=posix", "-S", "--sparse-version=1.0"),
    "no end": lambda _: tar(member("f", b"x"))[:1024],
    "one zero block": lambda _: tar(member("f", b"x"))[:1536],
    "behind the end": lambda _: tar(member("f", b"x")) + b"behind" * 100_000,
    "only an end": lambda _: END,
    "padding that is not zero": lambda _: raw_header(b"f", size=b"00000000003\0") + b"abc" + b"?" * 509 + END,
    "whiteouts": lambda _: tar(member("d/.wh.f", b"content"), member("e/.wh..wh..opq"), member(".wh..wh.plnk", b"x")),
    "devices": lambda _: tar(
        member("c", kind=CHARACTER, devmajor=1, devminor=3, mode=0o666), member("p", kind=FIFO), member("z", b"1")
    ),
    "names": lambda _: tar(
        member("n" * 200 + "/" + "m" * 200, b"1"),
        member("a\udcff\udcfe", b"2"),
        member("./d//e/../f", b"3"),
        member("/absolute", b"4"),
        member("new\nline", b"5"),
        member("owner", b"6", uid=3_000_000_000, gid=2_200_000, mtime=1.5),
    ),
    "links": lambda _: tar(
        member("a", b"1"),
        member("b", kind=HARD, linkname="a"),
        member("l", kind=LINK, linkname="d"),
        member("d/x", b"2"),
    ),
    "through a link": lambda _: tar(
        member("d", kind=FOLDER), member("l", kind=LINK, linkname="d"), member("l/x", b"1")
    ),
    "twice": lambda _: tar(member("f", b"first" * 1000), member("g", b"g"), member("f", b"second")),
    "three times": lambda _: tar(*(member("f", bytes([number]) * 5000) for number in range(3)), member("f", b"")),
    "folder replaced": lambda _: tar(
        member("d/e/f", b"1" * 700), member("d", b"file"), member("d", kind=FOLDER), member("d/e/f", b"2")
    ),
    "link replaced": lambda _: tar(
        member("d/keep", b"0"),
        member("l", kind=LINK, linkname="d"),
        member("l/x", b"1"),
        member("l", kind=LINK, linkname="e"),
        member("e", kind=FOLDER),
        member("l/x", b"2"),
        member("d/x", b"3"),
    ),
    "hard link replaced": lambda _: tar(
        member("a", b"1" * 600), member("b", kind=HARD, linkname="a"), member("a", b"2"), member("b", b"3")
    ),
    "sparse replaced": lambda folder: tarred(folder, "--format=gnu", "-S")[:-10240] + tar(member("./sparse", b"x")),
    "file by node": lambda _: tar(member("f", b"1"), member("f", kind=FIFO), member("g", b"2")),
}


@pytest.mark.parametrize("case", LAYERS)
def test_a_layer_is_saved_with_its_own_bytes(stores: list[Store], tmp_path: Path, case: str) -> None:
    data = LAYERS[case](tmp_path / "source")
    (tmp_path / "a.tar").write_bytes(docker_archive(["web:1"], data))
    image = archive.load(stores[0], str(tmp_path / "a.tar"))[0].image
    path = saved(stores[0], tmp_path / "saved.tar", "web:1")
    assert blob(path, data) == data
    (again,) = archive.load(stores[1], str(path))
    assert (again.image.id, again.names) == (image.id, ("web:1",))
    trees = [Path(layers.folders(store, image.layers)[0]) for store in stores]
    assert compared(trees[0]) == compared(trees[1])
    assert saved(stores[1], tmp_path / "again.tar", "web:1").read_bytes() == path.read_bytes()


def compared(tree: Path) -> dict[str, object]:
    """Describe a tree, without the times of folders that no entry tells of."""
    found: dict[str, object] = {}
    for path, (mode, *rest) in described(tree).items():
        known = rest if not stat.S_ISDIR(mode) else rest[:2]  # type: ignore[arg-type]
        found[path] = (mode, *known, "trusted.overlay.opaque" in os.listxattr(tree / path, follow_symlinks=False))
    return found


def test_a_layer_that_was_made_here_is_saved(stores: list[Store], tmp_path: Path) -> None:
    store = stores[0]
    upper = Path(store.layout.root) / "upper"
    rich_tree(upper)
    os.mknod(upper / "gone", stat.S_IFCHR, os.makedev(0, 0))
    os.mkdir(upper / "opaque")
    os.setxattr(upper / "opaque", "trusted.overlay.opaque", b"y")
    (upper / "large").write_bytes(os.urandom(3 << 20))
    with layers.using(store):
        layer = layers.import_tree(store, str(upper), None)
        document = json.loads(config()) | {"rootfs": {"type": "layers", "diff_ids": [layer.diff_id]}}
        image = create.image(store, document, [layer.chain_id], ["made"])
    path = saved(store, tmp_path / "a.tar", "made")
    assert archive.load(stores[1], str(path))[0].image.id == image.id
    os.unlink(layers.recipe_path(store, layer))  # an older version wrote none
    assert saved(store, tmp_path / "b.tar", "made").read_bytes() == path.read_bytes()


def test_several_images_share_their_layers_in_the_archive(stores: list[Store], tmp_path: Path) -> None:
    base, top = tar(member("etc/f", b"base")), tar(member("etc/g", b"top"))
    for number, data in enumerate(
        (
            docker_archive(["a:1", "b:1"], base),
            docker_archive(["c:1"], base, top),
            docker_archive(["c:2"], top, base, top),
        )
    ):
        (tmp_path / f"{number}.tar").write_bytes(data)
        archive.load(stores[0], str(tmp_path / f"{number}.tar"))
    path = saved(stores[0], tmp_path / "all.tar", "a:1", "c", "b:1")
    assert [name for name in members(path) if members(path)[name] in (base, top)] == sorted(
        f"blobs/sha256/{digest(data)[7:]}" for data in (base, top)
    )
    loaded = archive.load(stores[1], str(path))
    assert [one.names for one in loaded] == [("a:1", "b:1"), ("c:1",), ("c:2",)]
    without = members(saved(stores[0], tmp_path / "id.tar", catalog.find(stores[0], "a:1").id[7:19]))
    assert json.loads(without["manifest.json"])[0]["RepoTags"] is None
    assert "annotations" not in json.loads(without["index.json"])["manifests"][0]
    with pytest.raises(ImageNotFound, match="d:1"):
        select(stores[0], ["a:1", "d:1"])


def load(store: Store, folder: Path, *data: bytes) -> Path:
    """Load an image `web:1`; return the tree of its top layer."""
    (folder / "a.tar").write_bytes(docker_archive(["web:1"], *data))
    return Path(layers.folders(store, archive.load(store, str(folder / "a.tar"))[0].image.layers)[0])


def test_a_damaged_tree_is_told_and_nothing_is_written(store: Store, tmp_path: Path) -> None:
    tree = load(store, tmp_path, tar(member("d/f", b"x" * 1000), member("e", b"y")))
    target = tmp_path / "out" / "saved.tar"
    target.parent.mkdir()
    target.write_bytes(b"old")
    damages = (
        (lambda: (tree / "d" / "f").write_bytes(b"z" * 1000), "/d/f is not as it was"),
        (lambda: (tree / "d" / "f").write_bytes(b"z"), "/d/f is shorter"),
        (lambda: (tree / "d" / "f").unlink(), "/d/f: No such file"),
        (lambda: (tree / "d" / "f").symlink_to("/etc/passwd"), "/d/f: Too many levels"),
    )
    for damage, said in damages:
        damage()
        with pytest.raises(CorruptData, match=f"layer sha256:.*{said}.*load it again"):
            saved(store, target, "web:1")
        assert os.listdir(target.parent) == ["saved.tar"]
        assert target.read_bytes() == b"old"


def the_layer(store: Store) -> layers.Layer:
    (layer,) = (layers.find(store, row["chain_id"]) for row in store.query("SELECT chain_id FROM layers"))
    assert layer
    return layer


@pytest.mark.parametrize("damage", ["cut", "crc", "size", "magic", "gone"])
def test_a_damaged_recipe_is_told(store: Store, tmp_path: Path, damage: str) -> None:
    load(store, tmp_path, tar(member("f", b"x" * 1000), member("g", b"y")))
    recipe = Path(layers.recipe_path(store, the_layer(store)))
    data = bytearray(recipe.read_bytes())
    if damage == "cut":
        del data[-20:]
    else:
        data[{"crc": -8, "size": 20, "magic": 2}.get(damage, 0)] ^= 0x41
    recipe.write_bytes(data)
    if damage == "gone":
        recipe.unlink()
    with pytest.raises(CorruptData, match="layer sha256:.*"):
        saved(store, tmp_path / "saved.tar", "web:1")
    assert not (tmp_path / "saved.tar").exists()


def test_no_changed_byte_of_a_recipe_makes_a_wrong_archive(store: Store, tmp_path: Path) -> None:
    data = tar(member("f", b"x" * 1000), member("g", b"y"))
    load(store, tmp_path, data)
    layer = the_layer(store)
    recipe = Path(layers.recipe_path(store, layer))
    right = recipe.read_bytes()
    told = 0
    for place in range(len(right)):
        recipe.write_bytes(right[:place] + bytes([right[place] ^ 0xFF]) + right[place + 1 :])
        descriptor = os.memfd_create("saved")
        try:
            save(store, select(store, ["web:1"]), descriptor)
            assert blob(Path(f"/proc/self/fd/{descriptor}"), data) == data
        except CorruptData:
            told += 1
        finally:
            os.close(descriptor)
    assert told > len(right) / 2


def test_a_recipe_goes_with_its_layer(store: Store, tmp_path: Path) -> None:
    load(store, tmp_path, tar(member("f", b"x")), tar(member("g", b"y")))
    assert sorted(os.listdir(store.layout.recipes)) == sorted(os.listdir(store.layout.layers))
    assert len(os.listdir(store.layout.recipes)) == 2
    catalog.remove(store, "web:1")
    assert os.listdir(store.layout.recipes) == os.listdir(store.layout.layers) == []


def test_an_image_that_is_removed_meanwhile_is_saved(stores: list[Store], tmp_path: Path) -> None:
    load(stores[0], tmp_path, tar(member("f", bytes(3 << 20))))
    selected = select(stores[0], ["web:1"])
    reader, writer = os.pipe()
    with open(tmp_path / "saved.tar", "wb") as target:
        copy = subprocess.Popen(["cat"], stdin=reader, stdout=target)
        os.close(reader)
        with layers.using(stores[0]):
            catalog.remove(stores[0], "web:1")
            save(stores[0], selected, writer)
        os.close(writer)
        assert copy.wait(60) == 0
    assert archive.load(stores[1], str(tmp_path / "saved.tar"))[0].names == ("web:1",)
    assert os.listdir(stores[0].layout.layers) == []


def test_a_target_that_cannot_be_is_told(store: Store, tmp_path: Path) -> None:
    load(store, tmp_path, tar(member("f", b"x")))
    for path, said in (
        (tmp_path / "no" / "f", "does not exist"),
        (tmp_path, "no file"),
        (Path("/dev/null"), "no file"),
    ):
        with pytest.raises(InvalidSpec, match=said):
            saved(store, path, "web:1")


def test_a_target_keeps_its_mode_and_a_link_leads_to_it(store: Store, tmp_path: Path) -> None:
    load(store, tmp_path, tar(member("f", b"x")))
    target = saved(store, tmp_path / "saved.tar", "web:1")
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    target.write_bytes(b"old")
    target.chmod(0o644)
    (tmp_path / "link").symlink_to("saved.tar")
    saved(store, tmp_path / "link", "web:1")
    assert (tmp_path / "link").is_symlink()
    assert stat.S_IMODE(target.stat().st_mode) == 0o644
    assert archive.sources(store, str(target))[0][1] == ("web:1",)


def test_a_full_disk_leaves_nothing(store: Store, tmp_path: Path) -> None:
    load(store, tmp_path, tar(member("f", os.urandom(4 << 20))))
    folder = tmp_path / "small"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", folder], check=True)
    try:
        with pytest.raises(OSError, match=r"No space left.*saved\.tar"):
            saved(store, folder / "saved.tar", "web:1")
        assert os.listdir(folder) == []
        assert os.statvfs(folder).f_bavail == os.statvfs(folder).f_blocks
    finally:
        subprocess.run(["umount", folder], check=True)


@pytest.fixture
def skiff(store: Store) -> Skiff:
    host = Skiff(Path(store.layout.root))
    host.environment["SKIFF_RUN"] = store.layout.run
    return host


@pytest.mark.skipif(not shutil.which("strace"), reason="needs strace")
@pytest.mark.parametrize("point", ["write:3", "write:6", "fdatasync:1", "linkat:1", "rename,renameat:1"])
def test_a_killed_save_leaves_the_old_archive(store: Store, skiff: Skiff, tmp_path: Path, point: str) -> None:
    load(store, tmp_path, tar(member("f", os.urandom(4 << 20))))
    target = tmp_path / "out" / "saved.tar"
    target.parent.mkdir()
    target.write_bytes(b"old")
    calls, _, when = point.partition(":")
    inject = ["strace", "-f", "-qqq", "-o", "/dev/null", "--trace", calls, f"--inject={calls}:signal=KILL:when={when}"]
    command = [*inject, *skiff.command("save", "-o", str(target), "web:1")]
    killed = subprocess.run(command, env=skiff.environment, capture_output=True, timeout=120)
    assert killed.returncode in (-signal.SIGKILL, 128 + signal.SIGKILL), killed.stderr
    assert target.read_bytes() == b"old"
    left = [name for name in os.listdir(target.parent) if name != "saved.tar"]
    assert left == [] or calls.startswith("rename")  # then it was complete, and had a name for a moment
    skiff.run("save", "-o", str(target), "web:1")
    assert archive.sources(store, str(target))[0][1] == ("web:1",)


def test_the_command(stores: list[Store], skiff: Skiff, tmp_path: Path) -> None:
    load(stores[0], tmp_path, tar(member("f", b"x" * 5000)))
    assert skiff.run("save", "-o", str(tmp_path / "a.tar"), "web").stdout == ""
    piped = subprocess.run(skiff.command("save", "web"), env=skiff.environment, capture_output=True, check=True).stdout
    assert piped == (tmp_path / "a.tar").read_bytes()
    master, slave = pty.openpty()
    refused = skiff.run("save", "web", check=False, capture_output=False, stdout=slave, stderr=subprocess.PIPE)
    os.close(slave)
    os.close(master)
    assert (refused.returncode, "name a file with -o" in refused.stderr) == (1, True)
    missing = skiff.run("save", "-o", str(tmp_path / "b.tar"), "web", "none", check=False)
    assert missing.returncode == 1
    assert "no image 'none'" in missing.stderr
    assert not (tmp_path / "b.tar").exists()


@pytest.mark.skipif(not shutil.which("skopeo"), reason="needs skopeo")
def test_skopeo_and_umoci_read_it(stores: list[Store], tmp_path: Path) -> None:
    tree = load(stores[0], tmp_path, tar(member("d/f", b"x" * 5000, mtime=7)), tar(member("d/g", b"y", mtime=8)))
    image = catalog.find(stores[0], "web:1")
    path = saved(stores[0], tmp_path / "saved.tar", "web:1")
    for source in (f"docker-archive:{path}", f"docker-archive:{path}:web:1", f"oci-archive:{path}:1"):
        target = tmp_path / "copy"
        subprocess.run(
            ["skopeo", "--insecure-policy", "copy", "-q", source, f"docker-archive:{target}:web:1"], check=True
        )
        assert archive.sources(stores[0], str(target)) == [(image.id, ("web:1",))]
        target.unlink()
    layout = tmp_path / "layout"
    layout.mkdir()
    subprocess.run(["tar", "-C", layout, "-xf", path], check=True)
    subprocess.run(["umoci", "raw", "unpack", "--image", f"{layout}:1", tmp_path / "rootfs"], check=True)
    assert (tmp_path / "rootfs" / "d" / "f").read_bytes() == b"x" * 5000
    assert (tmp_path / "rootfs" / "d" / "g").stat().st_mtime == (tree / "d" / "g").stat().st_mtime


def test_layers_that_the_reader_has_are_left_out(stores: list[Store], tmp_path: Path) -> None:
    base, one, two = tar(member("base", os.urandom(1 << 20))), tar(member("f", b"1")), tar(member("f", b"2"))
    for number, layers_of in enumerate(((base, one), (base, two))):
        path = tmp_path / f"{number}.tar"
        path.write_bytes(docker_archive([f"app:{number}"], *layers_of))
        archive.load(stores[0], str(path))
    archive.load(stores[1], str(saved(stores[0], tmp_path / "whole.tar", "app:0")))
    thin = tmp_path / "thin.tar"
    with newfile.replacing(str(thin)) as descriptor:
        save(stores[0], select(stores[0], ["app:1"]), descriptor, frozenset((digest(base),)))
    assert thin.stat().st_size < 40_000
    (loaded,) = archive.load(stores[1], str(thin))
    whole = [saved(store, tmp_path / f"{number}.out", "app:1") for number, store in enumerate(stores)]
    assert whole[0].read_bytes() == whole[1].read_bytes()
    for name in ("app:0", "app:1"):
        catalog.remove(stores[1], name)
    with pytest.raises(CorruptData, match=r"has no member 'blobs/"):
        archive.load(stores[1], str(thin))
    assert catalog.resolve(stores[1], loaded.image.id) is None
