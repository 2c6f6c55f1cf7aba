"""What was unpacked from an odd but good archive is sound; each kind of change to its tree is seen."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runtime_lib.images import layers, verify
from runtime_lib.images.layers import Layer
from runtime_lib.paths import Layout
from runtime_lib.store import Store
from tests.support.archives import member, tar
from tests.support.trees import rich_tree

pytestmark = pytest.mark.root
DIR, LINK, HARD, NODE, FIFO = tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE
GOOD = {
    "plain": tar(member("a", kind=DIR, mode=0o755), member("a/file", b"x", mode=0o4755)),
    "no folders": tar(member("deep/er/file", b"x")),
    "whiteouts": tar(member("etc/.wh.gone"), member("opt/.wh..wh..opq"), member("opt/kept", b"x")),
    "whiteout of its own file": tar(member("a", b"x"), member(".wh.a")),
    "whiteout before its own file": tar(member(".wh.a"), member("a", b"x")),
    "whiteout of its own folder": tar(member("a/file", b"x"), member(".wh.a")),
    "twice": tar(member("a", b"first"), member("a", b"second", mode=0o600)),
    "file over folder": tar(member("a", kind=DIR), member("a/b/c", b"x"), member("a", b"y")),
    "folder over file": tar(member("a", b"x"), member("a", kind=DIR), member("a/b", b"y")),
    "through a link": tar(
        member("run", kind=DIR), member("var/run", kind=LINK, linkname="/run"), member("var/run/x", b"x")
    ),
    "hard links": tar(member("a", b"x"), member("b", kind=HARD, linkname="a"), member("c", kind=HARD, linkname="/b")),
    "hard link to a link": tar(member("a", kind=LINK, linkname="/etc/x"), member("b", kind=HARD, linkname="a")),
    "nodes": tar(member("n", kind=NODE, devmajor=1, devminor=3, mode=0o666), member("f", kind=FIFO)),
    "root": tar(member("./", kind=DIR, mode=0o755), member("./a", b"x")),
    "aufs": tar(member(".wh..wh.aufs"), member(".wh..wh.plnk", kind=DIR), member("a", b"x")),
}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(Layout(str(tmp_path / "root"), str(tmp_path / "run")))
    with layers.using(opened):
        yield opened
    opened.close()


def unpacked(store: Store, data: bytes) -> Layer:
    return layers.import_tar(store, io.BytesIO(data), None)


@pytest.mark.parametrize("case", GOOD)
def test_a_layer_is_sound_as_it_was_unpacked(store: Store, case: str) -> None:
    assert verify.layer(store, unpacked(store, GOOD[case])) == ""


@pytest.mark.parametrize("options", [["--format=gnu"], ["--format=posix", "--xattrs", "--xattrs-include=*", "-S"]])
def test_everything_that_a_tree_can_hold_is_sound(store: Store, tmp_path: Path, options: list[str]) -> None:
    source = tmp_path / "source"
    rich_tree(source)
    packed = subprocess.run(["tar", *options, "-C", source, "-cf", "-", "."], check=True, capture_output=True).stdout
    assert verify.layer(store, unpacked(store, packed)) == ""


def test_a_layer_that_was_a_tree_is_sound(store: Store, tmp_path: Path) -> None:
    upper = tmp_path / "root" / "upper"
    rich_tree(upper)
    os.mknod(upper / "gone", 0o020000, os.makedev(0, 0))
    assert verify.layer(store, layers.import_tree(store, str(upper), None)) == ""


def _attribute(tree: Path) -> None:
    os.removexattr(tree / "capable", "security.capability")


def _retarget(tree: Path) -> None:
    (tree / "link").unlink()
    (tree / "link").symlink_to("elsewhere")


def _node(tree: Path) -> None:
    (tree / "node").unlink()
    os.mknod(tree / "node", 0o020666, os.makedev(1, 5))
    (tree / "node").chmod(0o666)


def _whiteout(tree: Path) -> None:
    (tree / "gone").unlink()


def _kind(tree: Path) -> None:
    (tree / "link").unlink()
    (tree / "link").mkdir()


def _deep(tree: Path) -> None:
    folder = os.open(tree, os.O_RDONLY)
    for _unused in range(1500):  # deeper than the interpreter's stack
        os.mkdir("d", dir_fd=folder)
        below = os.open("d", os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = below
    os.close(folder)


CHANGES: dict[str, Callable[[Path], object]] = {
    "/capable has another set of extended attributes than it had": _attribute,
    "/link has another target than it had": _retarget,
    "/node has another device number than it had": _node,
    "/gone is missing": _whiteout,
    "/link has another type than it had": _kind,
    "/capable has another owner than it had": lambda tree: os.chown(tree / "capable", 5, 0),
    "/d does not belong to it": _deep,
}
CAPABILITY = bytes.fromhex("0100000200040000000000000000000000000000")[:20]


@pytest.mark.parametrize("said", CHANGES)
def test_a_change_of_the_tree_is_seen(store: Store, said: str) -> None:
    attributes = {"SCHILY.xattr.security.capability": CAPABILITY.decode("latin-1")}
    found = unpacked(
        store,
        tar(
            member("capable", b"x", mode=0o755, pax_headers=attributes),
            member("link", kind=LINK, linkname="there"),
            member("node", kind=NODE, devmajor=1, devminor=3, mode=0o666),
            member(".wh.gone"),
        ),
    )
    assert verify.layer(store, found) == ""
    CHANGES[said](Path(store.layout.layers) / found.folder)
    assert verify.layer(store, found) == said
