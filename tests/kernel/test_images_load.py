"""Image archives from other tools become the same trees; interrupted and concurrent loads converge."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import pytest

from runtime_lib.containers import disk_usage
from runtime_lib.errors import CorruptData, ImageNotFound, InUse, InvalidSpec
from runtime_lib.images import archive, catalog, create, layers, rootfs, writer
from runtime_lib.paths import Layout
from runtime_lib.store import Store
from tests.support.archives import Layout as OciLayout
from tests.support.archives import config, docker_archive, member, tar
from tests.support.trees import described, rich_tree

pytestmark = pytest.mark.root
REPOSITORY = Path(__file__).parents[2]


def layer_tar() -> bytes:
    return tar(
        member("etc", kind=tarfile.DIRTYPE, mode=0o755, mtime=1),
        member("etc/passwd", b"root:x:0:0::/:/bin/sh\n", mtime=2),
        member("etc/link", kind=tarfile.SYMTYPE, linkname="passwd", mtime=3),
        member("etc/hard", kind=tarfile.LNKTYPE, linkname="etc/passwd"),
    )


def upper_tar() -> bytes:
    return tar(member("etc/.wh.link"), member("etc/new", b"new"), member("opt/.wh..wh..opq"))


@pytest.mark.parametrize("options", [["--format=gnu"], ["--format=posix", "--xattrs", "--xattrs-include=*", "-S"]])
def test_the_tar_commands_archives_become_the_same_tree(store: Store, tmp_path: Path, options: list[str]) -> None:
    source = tmp_path / "source"
    rich_tree(source)
    if "--xattrs" not in options:
        for key in os.listxattr(source / "bin" / "su"):
            os.removexattr(source / "bin" / "su", key)
    subprocess.run(["tar", "-C", source, *options, "-cf", tmp_path / "t.tar", "."], check=True)
    with open(tmp_path / "t.tar", "rb") as file:
        image = rootfs.import_rootfs(store, file, "t")
    assert described(Path(layers.folders(store, image.layers)[0])) == described(source)


@pytest.mark.skipif(not shutil.which("umoci"), reason="needs umoci")
def test_the_same_layer_looks_as_umoci_unpacks_it(store: Store, tmp_path: Path) -> None:
    source, layout = tmp_path / "source", OciLayout(tmp_path / "oci")
    rich_tree(source)
    (source / ("d" * 120) / ("ä" * 60)).unlink()  # umoci leaves the length of names to the archive's own format
    command = ["tar", "-C", str(source), "--format=posix", "--xattrs", "--xattrs-include=*"]
    command += ["-cf", f"{tmp_path}/t.tar", "."]
    subprocess.run(command, check=True)
    data = (tmp_path / "t.tar").read_bytes()
    layout.image(data, stored=[gzip.compress(data)], name="t")
    command = ["umoci", "raw", "unpack", "--image", f"{layout.folder}:t", str(tmp_path / "umoci")]
    subprocess.run(command, check=True, capture_output=True)
    (loaded,) = archive.load(store, str(layout.folder))
    assert described(Path(layers.folders(store, loaded.image.layers)[0])) == described(tmp_path / "umoci")


def test_a_built_layer_is_the_same_after_its_own_tar_was_loaded(store: Store, tmp_path: Path) -> None:
    upper = tmp_path / "root" / "upper"
    rich_tree(upper)
    os.mknod(upper / "gone", stat.S_IFCHR, os.makedev(0, 0))
    os.mkdir(upper / "opaque")
    os.setxattr(upper / "opaque", "trusted.overlay.opaque", b"y")
    before = described(upper)
    diff_id, size = writer.measure(str(upper))
    (tmp_path / "t.tar").write_bytes(b"".join(writer.pieces(str(upper))))
    with layers.using(store):
        built = layers.import_tree(store, str(upper), None)
        image = create.image(store, json.loads(config()) | {"rootfs": {"diff_ids": [diff_id]}}, [built.chain_id])
    assert (built.diff_id, built.size) == (diff_id, size)
    assert not upper.exists()
    tree = Path(layers.folders(store, image.layers)[0])
    assert described(tree) == before
    catalog.remove(store, image.id)
    with open(tmp_path / "t.tar", "rb") as file, layers.using(store):
        loaded = layers.import_tar(store, file, None)
        assert loaded == built
        assert {**described(tree), "gone": None} == {**before, "gone": None}
        assert os.getxattr(tree / "opaque", "trusted.overlay.opaque") == b"y"
        assert (tree / "gone").lstat().st_rdev == 0


def test_an_upper_folder_that_needs_its_overlay_is_refused(store: Store, tmp_path: Path) -> None:
    upper = tmp_path / "root" / "upper"
    (upper / "d").mkdir(parents=True)
    os.setxattr(upper / "d", "trusted.overlay.redirect", b"/elsewhere")
    with pytest.raises(CorruptData, match="redirect_dir"):
        layers.import_tree(store, str(upper), None)
    assert upper.exists()


@pytest.mark.parametrize("packing", ["plain", "gzip", "zstd"])
def test_a_docker_archive_is_loaded_once(store: Store, tmp_path: Path, packing: str) -> None:
    path = tmp_path / "i.tar"
    path.write_bytes(docker_archive(["web:1", "quay.io/web:2"], layer_tar(), upper_tar()))
    if packing != "plain":
        subprocess.run([packing, "-q", path], check=True)
        path = next(tmp_path.glob("i.tar.*"))
    (first,) = archive.load(store, str(path))
    assert first.changed
    assert first.image.names == ("web:1", "quay.io/web:2")
    assert not archive.load(store, str(path))[0].changed
    assert archive.sources(store, str(path)) == [(first.image.id, ("web:1", "quay.io/web:2"))]
    top, lower = (Path(folder) for folder in layers.folders(store, first.image.layers))
    assert (lower / "etc" / "passwd").stat().st_nlink == 2
    assert sorted(os.listdir(top / "etc")) == ["link", "new"]


def test_a_layer_that_two_images_share_is_kept_for_the_other(store: Store, tmp_path: Path) -> None:
    (tmp_path / "a.tar").write_bytes(docker_archive(["a"], layer_tar()))
    (tmp_path / "b.tar").write_bytes(docker_archive(["b"], layer_tar(), upper_tar()))
    archive.load(store, str(tmp_path / "a.tar"))
    archive.load(store, str(tmp_path / "b.tar"))
    assert len(os.listdir(store.layout.layers)) == 2
    catalog.remove(store, "b")
    assert len(os.listdir(store.layout.layers)) == 1
    catalog.remove(store, "a")
    assert os.listdir(store.layout.layers) == []
    with pytest.raises(ImageNotFound):
        catalog.find(store, "a")


def test_an_image_that_a_container_uses_stays(store: Store, tmp_path: Path) -> None:
    (tmp_path / "a.tar").write_bytes(docker_archive(["a", "b"], layer_tar()))
    image = archive.load(store, str(tmp_path / "a.tar"))[0].image
    with store.transaction() as db:
        db.execute("INSERT INTO containers VALUES ('1', 'web', ?, '{}', 'ready', 0, 0)", (image.id,))
    assert catalog.remove(store, "a") == catalog.Removed(("a:latest",), None)
    for ref in ("b", image.id):
        with pytest.raises(InUse, match="container web"):
            catalog.remove(store, ref)
    assert catalog.find(store, image.id).names == ("b:latest",)


def test_an_oci_layout_is_verified(store: Store, tmp_path: Path) -> None:
    layout = OciLayout(tmp_path / "oci")
    data = layer_tar()
    stored = gzip.compress(data)
    layout.image(data, stored=[stored], name="quay.io/a/b:1")
    assert archive.load(store, str(layout.folder))[0].names == ("quay.io/a/b:1",)
    catalog.remove(store, "quay.io/a/b:1")
    path = next(path for path in (layout.folder / "blobs" / "sha256").iterdir() if path.read_bytes() == stored)
    path.write_bytes(gzip.compress(data, compresslevel=1))  # the right layer in the wrong blob
    with pytest.raises(CorruptData, match="should have the digest"):
        archive.load(store, str(layout.folder))
    assert os.listdir(store.layout.layers) == []
    assert catalog.listing(store) == []


def test_a_layer_that_is_not_the_configurations_is_refused(store: Store, tmp_path: Path) -> None:
    (tmp_path / "a.tar").write_bytes(docker_archive(["a"], layer_tar(), upper_tar(), document=config(layer_tar(), b"")))
    with pytest.raises(CorruptData, match="should have the digest"):
        archive.load(store, str(tmp_path / "a.tar"))
    assert os.listdir(store.layout.layers) == []
    assert catalog.listing(store) == []


def test_a_root_file_system_is_told_from_an_image(store: Store, tmp_path: Path) -> None:
    (tmp_path / "a.tar").write_bytes(layer_tar())
    with pytest.raises(InvalidSpec, match="import the tar"):
        archive.load(store, str(tmp_path / "a.tar"))


@pytest.mark.skipif(not shutil.which("skopeo"), reason="needs skopeo")
@pytest.mark.parametrize("kind", ["oci", "oci-archive", "docker-archive"])
def test_skopeos_archives_are_loaded(store: Store, tmp_path: Path, kind: str) -> None:
    (tmp_path / "a.tar").write_bytes(docker_archive(["web:1"], layer_tar(), upper_tar()))
    target = f"{kind}:{tmp_path}/copy:web:2"
    command = ["skopeo", "--insecure-policy", "copy", "-q", f"docker-archive:{tmp_path}/a.tar", target]
    subprocess.run(command, check=True)
    (loaded,) = archive.load(store, str(tmp_path / "copy"))
    assert loaded.image.names == ("web:2",)
    assert archive.load(store, str(tmp_path / "a.tar"))[0].image.layers == loaded.image.layers


LOADER = """
import sys
sys.path.insert(0, sys.argv[1])
from runtime_lib.paths import Layout
from runtime_lib.store import Store
from runtime_lib.images import archive
archive.load(Store(Layout(sys.argv[2], sys.argv[3])), sys.argv[4])
"""


def loader(store: Store, path: Path, *prefix: str) -> subprocess.Popen[bytes]:
    arguments = [str(REPOSITORY), store.layout.root, store.layout.run, str(path)]
    return subprocess.Popen([*prefix, sys.executable, "-c", LOADER, *arguments], stderr=subprocess.PIPE)


def big_archive(path: Path) -> None:
    members = [member(f"d{number % 20}/f{number}", b"%d" % number * 2000) for number in range(400)]
    path.write_bytes(docker_archive(["big"], tar(*members), layer_tar(), upper_tar()))


@pytest.mark.skipif(not shutil.which("strace"), reason="needs strace")
@pytest.mark.parametrize(
    "point",
    ["mkdirat:1", "mkdirat:9", "fchmod:300", "fchown:200", "syncfs:1", "syncfs:2", "rename:1", "rename:2", "rename:3"]
    + ["mknodat:1", "setxattr,fsetxattr:1", "pwrite64:3", "pwrite64:9", "unlinkat:1", "flock:6"],
)
def test_a_killed_load_leaves_nothing_that_counts(store: Store, tmp_path: Path, point: str) -> None:
    path = tmp_path / "big.tar"
    big_archive(path)
    calls, _, when = point.partition(":")
    inject = f"--inject={calls}:signal=KILL:when={when}"
    process = loader(store, path, "strace", "-f", "-qqq", "-o", "/dev/null", "--trace", calls, inject)
    _, errors = process.communicate(timeout=60)
    assert process.returncode in (-signal.SIGKILL, 128 + signal.SIGKILL), errors
    (loaded,) = archive.load(store, str(path))
    trees = [Path(folder) for folder in layers.folders(store, loaded.image.layers)]
    assert len(list(trees[2].rglob("f*"))) == 400
    assert sorted(os.listdir(store.layout.layers)) == sorted(tree.name for tree in trees)
    assert os.listdir(store.layout.temporary) == []
    catalog.remove(store, "big")
    assert os.listdir(store.layout.layers) == []


def test_what_a_killed_load_left_goes_with_any_removal(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "big.tar"
    big_archive(path)
    (tmp_path / "a.tar").write_bytes(docker_archive(["a"], layer_tar()))
    archive.load(store, str(tmp_path / "a.tar"))
    process = loader(store, path)
    deadline = time.monotonic() + 30
    while not os.listdir(store.layout.temporary) and time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.001)
    process.kill()
    process.communicate()
    catalog.remove(store, "a")
    if not catalog.listing(store):
        assert os.listdir(store.layout.layers) == []
    assert os.listdir(store.layout.temporary) == []


def test_two_loads_of_the_same_archive_at_once(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "big.tar"
    big_archive(path)
    processes = [loader(store, path) for _ in range(4)]
    for process in processes:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
    image = catalog.find(store, "big")
    assert len(os.listdir(store.layout.layers)) == len(image.layers) == 3


def test_a_gzip_bomb_takes_little_memory(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "bomb.tar"
    size = 600 * 1024 * 1024
    with gzip.open(tmp_path / "bomb.gz", "wb", compresslevel=1) as file:
        info, _ = member("zeros")
        info.size = size
        file.write(info.tobuf())
        for _ in range(size // (1 << 20) - 10):
            file.write(bytes(1 << 20))  # and then it is cut off
    data = (tmp_path / "bomb.gz").read_bytes()
    path.write_bytes(docker_archive(["bomb"], data))
    process = loader(store, path, "/usr/bin/env", "bash", "-c", 'ulimit -v 400000; exec "$@"', "bash")
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 1
    assert b"CorruptData" in errors, errors
    assert os.listdir(store.layout.layers) == []


def test_a_full_disk_leaves_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "small"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", folder], check=True)
    try:
        store = Store(Layout(str(folder / "root"), str(tmp_path / "run")))
        path = tmp_path / "a.tar"
        path.write_bytes(docker_archive(["a"], tar(member("f", bytes(4 << 20)))))
        with pytest.raises(OSError, match="No space left.*/small/root/tmp/"):
            archive.load(store, str(path))
        assert os.listdir(store.layout.temporary) == os.listdir(store.layout.layers) == []
        assert catalog.listing(store) == []
        store.close()
    finally:
        subprocess.run(["umount", folder], check=True)


def test_what_could_be_reclaimed_counts_a_shared_layer_once(store: Store, tmp_path: Path) -> None:
    base, one, other = (tar(member(name, b"x" * size)) for name, size in (("a", 1000), ("b", 200), ("c", 30)))
    for name, parts in (("first", (base, one)), ("second", (base, other))):
        (tmp_path / name).write_bytes(docker_archive([name], *parts))
        archive.load(store, str(tmp_path / name))
    images = disk_usage.table(store, disk_usage.disk_usage(store))[0]
    assert images == ("Images", 2, 0, 1230, 1230)
    catalog.remove(store, "first")
    assert disk_usage.table(store, disk_usage.disk_usage(store))[0] == ("Images", 1, 0, 1030, 1030)
