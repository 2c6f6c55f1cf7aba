"""Layers from strangers: whatever the archive says, nothing outside the layer's folder is touched."""

from __future__ import annotations

import io
import os
import stat
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runtime_lib.errors import CorruptData
from runtime_lib.images import layers
from runtime_lib.store import Store
from tests.support.archives import block, member, raw_header, tar

pytestmark = pytest.mark.root
LINK, HARD, FOLDER, CHARACTER, FIFO = (
    tarfile.SYMTYPE,
    tarfile.LNKTYPE,
    tarfile.DIRTYPE,
    tarfile.CHRTYPE,
    tarfile.FIFOTYPE,
)


@pytest.fixture
def canary(tmp_path: Path) -> Iterator[str]:
    """A folder outside that must not change."""
    folder = tmp_path / "out"
    folder.mkdir(mode=0o750)
    (folder / "secret").write_text("secret")
    os.utime(folder, ns=(1, 1))
    before = snapshot(folder)
    yield str(folder)
    assert snapshot(folder) == before


def snapshot(folder: Path) -> list[tuple[object, ...]]:
    found: list[tuple[object, ...]] = []
    for path in [folder, *sorted(folder.rglob("*"))]:
        status = path.lstat()
        content = path.read_bytes() if stat.S_ISREG(status.st_mode) else b""
        found.append((str(path), status.st_mode, status.st_uid, status.st_nlink, status.st_mtime_ns, content))
    return found


def unpack(store: Store, data: bytes) -> Path:
    layer = layers.import_tar(store, io.BytesIO(data), None)
    return Path(store.layout.layers) / layer.folder


def link(name: str, target: str) -> tuple[tarfile.TarInfo, bytes]:
    return member(name, kind=LINK, linkname=target)


def hard(name: str, target: str) -> tuple[tarfile.TarInfo, bytes]:
    return member(name, kind=HARD, linkname=target)


def folder(name: str, **values: Any) -> tuple[tarfile.TarInfo, bytes]:
    return member(name, kind=FOLDER, **{"mode": 0o755, **values})


REFUSED = {
    "dotdot": lambda out: [member("../evil", b"x")],
    "absolute dotdot": lambda out: [member("/../evil", b"x")],
    "dotdot in the middle": lambda out: [member("a/../../evil", b"x")],
    "hard link out": lambda out: [hard("l", "../" * 20 + out[1:] + "/secret")],
    "absolute hard link out": lambda out: [hard("l", out + "/secret")],
    "hard link through a link": lambda out: [link("d", out), hard("l", "d/secret")],
    "hard link through a relative link": lambda out: [link("d", "../" * 20 + out[1:]), hard("l", "d/secret")],
    "hard link to a folder": lambda out: [folder("d"), hard("l", "d")],
    "hard link to the root": lambda out: [hard("l", "/")],
    "whiteout of ..": lambda out: [folder("d"), member("d/.wh...", b"")],
    "whiteout of .": lambda out: [folder("d"), member("d/.wh..", b"")],
    "whiteout of nothing": lambda out: [member("d/.wh.", b"")],
    "a file as parent": lambda out: [member("f", b"x"), member("f/g", b"x")],
    "a loop of links as parent": lambda out: [link("a", "b"), link("b", "a"), member("a/x", b"x")],
    "a dangling link as parent": lambda out: [link("a", "/nowhere"), member("a/x", b"x")],
    "the root as a link": lambda out: [link("./", out), member("x", b"x")],
    "the root as a file": lambda out: [member(".", b"x")],
    "a long name": lambda out: [member("n" * 256, b"x")],
    "a long path": lambda out: [member("n/" * 2100 + "x", b"x")],
    "an unknown type": lambda out: [member("x", kind=b"Z")],
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_leads_out_or_makes_no_sense_is_refused(store: Store, canary: str, tmp_path: Path, case: str) -> None:
    with pytest.raises(CorruptData):
        unpack(store, tar(*REFUSED[case](canary)))
    assert os.listdir(store.layout.layers) == []
    assert not list(tmp_path.rglob("evil"))


def test_an_absolute_path_is_one_in_the_layer(store: Store, canary: str) -> None:
    tree = unpack(store, tar(member(f"{canary}/secret", b"mine")))
    assert (tree / canary[1:] / "secret").read_text() == "mine"


@pytest.mark.parametrize("target", ["{out}", "../../../../../../../../../../..{out}"])
def test_a_parent_that_is_a_link_is_followed_inside(store: Store, canary: str, target: str) -> None:
    data = tar(folder(canary[1:]), link("d", target.format(out=canary)), member("d/secret", b"mine"))
    tree = unpack(store, data)
    assert (tree / canary[1:] / "secret").read_text() == "mine"


def test_var_run_is_followed_to_run(store: Store) -> None:
    tree = unpack(store, tar(folder("run"), folder("var"), link("var/run", "/run"), member("var/run/x", b"x")))
    assert (tree / "run" / "x").read_text() == "x"
    assert (tree / "var" / "run").is_symlink()


def test_a_link_is_replaced_not_followed(store: Store, canary: str) -> None:
    tree = unpack(store, tar(link("secret", f"{canary}/secret"), member("secret", b"mine", mode=0o4755)))
    assert not (tree / "secret").is_symlink()
    assert (tree / "secret").read_text() == "mine"


def test_the_mode_of_a_link_is_not_that_of_its_target(store: Store, canary: str) -> None:
    unpack(store, tar(member("l", kind=LINK, linkname=f"{canary}/secret", mode=0o777, uid=1, mtime=5)))


def test_a_hard_link_to_a_link_changes_nothing_behind_it(store: Store, canary: str) -> None:
    tree = unpack(store, tar(link("a", f"{canary}/secret"), member("b", kind=HARD, linkname="a", mode=0o4777, uid=7)))
    assert (tree / "b").is_symlink()


def test_a_folder_in_place_of_a_link_makes_known_parents_new(store: Store, canary: str) -> None:
    data = tar(
        folder("real"),
        link("d", "/real"),
        member("d/a", b"a"),
        folder("d"),
        member("d/b", b"b"),
        member("real/c", b"c"),
    )
    tree = unpack(store, data)
    assert sorted(os.listdir(tree / "d")) == ["b"]
    assert sorted(os.listdir(tree / "real")) == ["a", "c"]


def test_a_link_in_place_of_a_folder_does_not_lead_out(store: Store, canary: str) -> None:
    inside = canary[1:]
    data = tar(folder("d"), member("d/a", b"a"), folder(inside), link("d", canary), member("d/secret", b"mine"))
    tree = unpack(store, data)
    assert (tree / inside / "secret").read_text() == "mine"


def test_whiteouts_through_a_link_stay_inside(store: Store, canary: str) -> None:
    data = tar(folder(canary[1:]), link("d", canary), member("d/.wh.secret"), member("d/.wh..wh..opq"))
    tree = unpack(store, data)
    assert is_whiteout(tree / canary[1:] / "secret")
    assert os.getxattr(tree / canary[1:], "trusted.overlay.opaque") == b"y"


def test_absolute_hard_link_targets_are_inside(store: Store) -> None:
    tree = unpack(store, tar(folder("d"), member("d/f", b"x"), link("l", "/d"), hard("a", "/d/f"), hard("b", "/l/f")))
    assert (tree / "a").stat().st_ino == (tree / "b").stat().st_ino == (tree / "d" / "f").stat().st_ino


def test_a_hard_link_to_itself_keeps_the_file(store: Store) -> None:
    assert (unpack(store, tar(member("f", b"x"), hard("f", "./f"))) / "f").read_text() == "x"


def test_the_last_of_several_entries_counts(store: Store) -> None:
    data = tar(
        member("f", b"1"), member("f", b"2"), folder("f"), member("f/g", b"3"), member("h", b"4"), link("h", "f")
    )
    tree = unpack(store, data)
    assert (tree / "f" / "g").read_text() == "3"
    assert os.readlink(tree / "h") == "f"


def test_a_file_in_place_of_a_deep_folder(store: Store) -> None:
    tree = unpack(store, tar(member("a/b/c/d/e", b"x"), member("a", b"file")))
    assert (tree / "a").read_text() == "file"


def is_whiteout(path: Path) -> bool:
    status = path.lstat()
    return stat.S_ISCHR(status.st_mode) and status.st_rdev == 0


def test_whiteouts_become_those_of_overlayfs(store: Store) -> None:
    tree = unpack(store, tar(member("d/.wh.gone"), folder("e"), member("e/.wh..wh..opq"), member(".wh..wh.plnk", b"x")))
    assert is_whiteout(tree / "d" / "gone")
    assert os.getxattr(tree / "e", "trusted.overlay.opaque") == b"y"
    assert sorted(os.listdir(tree)) == ["d", "e"]


@pytest.mark.parametrize("whiteout_first", [True, False])
def test_a_layers_own_folder_hides_the_lower_one_where_a_whiteout_says_so(store: Store, whiteout_first: bool) -> None:
    entries = [member(".wh.d"), folder("d")]
    tree = unpack(store, tar(*(entries if whiteout_first else entries[::-1]), member("d/f", b"x")))
    assert os.listdir(tree / "d") == ["f"]
    assert os.getxattr(tree / "d", "trusted.overlay.opaque") == b"y"


def test_a_layers_own_file_hides_the_lower_one(store: Store) -> None:
    assert (unpack(store, tar(member("f", b"x"), member(".wh.f"))) / "f").read_text() == "x"


def test_attributes_that_overlayfs_obeys_are_left_out(store: Store) -> None:
    headers = {
        "SCHILY.xattr.trusted.overlay.redirect": "/etc",
        "SCHILY.xattr.trusted.overlay.metacopy": "",
        "SCHILY.xattr.user.overlay.opaque": "y",
        "SCHILY.xattr.security.selinux": "system_u:object_r:shadow_t:s0",
        "SCHILY.xattr.user.mine": "1",
    }
    tree = unpack(store, tar(member("d", kind=FOLDER, mode=0o755, pax_headers=headers)))
    assert os.listxattr(tree / "d") == ["user.mine"]


def test_modes_owners_and_times_are_kept_whatever_the_umask(store: Store) -> None:
    before = os.umask(0o077)
    try:
        data = tar(
            folder("d", mode=0o1777, uid=5, gid=6, mtime=7),
            member("d/f", b"x", mode=0o6755, uid=70000, gid=4294967294, mtime=-1.5),
            member("p", kind=FIFO, mode=0o622, uid=3, mtime=9),
            member("c", kind=CHARACTER, devmajor=1, devminor=3, mode=0o666),
            member("l", kind=LINK, linkname="nowhere", uid=8, mtime=11),
            folder(".", mode=0o711, uid=1),
        )
        tree = unpack(store, data)
    finally:
        os.umask(before)
    assert described(tree / "d") == (stat.S_IFDIR | 0o1777, 5, 6, 7 * 10**9)
    assert described(tree / "d" / "f") == (stat.S_IFREG | 0o6755, 70000, 4294967294, -15 * 10**8)
    assert described(tree / "p") == (stat.S_IFIFO | 0o622, 3, 0, 9 * 10**9)
    assert described(tree / "c")[0] == stat.S_IFCHR | 0o666
    assert (tree / "c").lstat().st_rdev == os.makedev(1, 3)
    assert described(tree / "l")[1:] == (8, 0, 11 * 10**9)
    assert described(tree)[:2] == (stat.S_IFDIR | 0o711, 1)


def described(path: Path) -> tuple[int, int, int, int]:
    status = path.lstat()
    return status.st_mode, status.st_uid, status.st_gid, status.st_mtime_ns


@pytest.mark.parametrize("number", [2**32 - 1, 2**32, 2**62])
def test_an_owner_that_is_none_is_refused(store: Store, number: int) -> None:
    with pytest.raises(CorruptData):
        unpack(store, tar(member("f", b"x", uid=number)))


@pytest.mark.parametrize("fields", [{"devmajor": 1 << 12}, {"devminor": 1 << 20}])
def test_a_device_number_that_is_none_is_refused(store: Store, fields: dict[str, Any]) -> None:
    with pytest.raises(CorruptData):
        unpack(store, tar(member("c", kind=CHARACTER, **fields), form=tarfile.GNU_FORMAT))


def test_a_time_at_the_end_of_the_universe_is_taken(store: Store) -> None:
    unpack(store, raw_header(b"f", mtime=b"\x80\0\0\0" + (2**62).to_bytes(8, "big")))


def test_sparse_files_stay_sparse(store: Store) -> None:
    header = {"GNU.sparse.map": "1000000,512", "GNU.sparse.size": "100000000", "GNU.sparse.name": "big"}
    tree = unpack(store, tar(member("f", b"x" * 512, pax_headers=header)))
    status = (tree / "big").stat()
    assert status.st_size == 100_000_000
    assert status.st_blocks * 512 < 100_000
    with open(tree / "big", "rb") as file:
        file.seek(1_000_000)
        assert file.read(513) == b"x" * 512 + b"\0"


def test_a_sparse_file_of_exabytes_is_refused(store: Store) -> None:
    header = {"GNU.sparse.map": "0,512", "GNU.sparse.size": str(2**63 - 1)}
    with pytest.raises(CorruptData):
        unpack(store, tar(member("f", b"x" * 512, pax_headers=header)))


def test_an_archive_that_promises_more_than_it_has_leaves_nothing(store: Store) -> None:
    with pytest.raises(CorruptData, match="cut off"):
        unpack(store, raw_header(b"f", size=b"77777777777\0") + block(b"x"))
    assert os.listdir(store.layout.layers) == []


def test_names_that_are_no_utf8_are_kept(store: Store) -> None:
    data = raw_header(b"caf\xe9\n") + bytes(1024)
    tree = unpack(store, data)
    assert os.listdir(os.fsencode(tree)) == [b"caf\xe9\n"]


def test_more_folders_than_descriptors_are_kept_open(store: Store) -> None:
    entries = [member(f"d{number % 300}/f{number}", b"x") for number in range(900)]
    before = len(os.listdir("/proc/self/fd"))
    tree = unpack(store, tar(*entries))
    assert sum(len(files) for _, _, files in os.walk(tree)) == 900
    assert len(os.listdir("/proc/self/fd")) == before
