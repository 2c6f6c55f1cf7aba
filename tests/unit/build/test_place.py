from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import stat
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime_lib.build import modes
from runtime_lib.build.place import Writer
from runtime_lib.build.sources import Tree
from runtime_lib.build.unpacking import is_archive
from runtime_lib.errors import InvalidSpec
from runtime_lib.linux.saferoot import SafeRoot

ME = (os.getuid(), os.getgid())


@pytest.fixture
def tree(tmp_path: Path) -> Iterator[Tree]:
    source = tmp_path / "source"
    (source / "dir/sub").mkdir(parents=True)
    (source / "one").write_text("1")
    (source / "dir/sub/f").write_text("f")
    (source / "dir/sub").chmod(0o700)
    (source / "one").chmod(0o640)
    os.symlink("sub", source / "dir/link")
    with SafeRoot.at(str(source)) as root:
        yield Tree(root)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    (tmp_path / "target").mkdir()
    return tmp_path / "target"


def copy(tree: Tree, target: Path, source: str, destination: str, mode: str = "") -> None:
    with SafeRoot.at(str(target)) as root:
        Writer(root, ME, modes.parse(mode)).copy(tree, tree.find([source]), destination, False)


@pytest.mark.parametrize(
    ("source", "destination", "expected"),
    [
        ("one", "/x", "x"),
        ("one", "/x/", "x/one"),
        ("one", "/there", "there/one"),
        ("one", "/a/b/c", "a/b/c"),
        ("one", "/link/x", "there/x"),
        ("one", "/dangling/x", "made/deep/x"),
        ("one", "/dangling-file", "made/file"),
    ],
)
def test_where_a_file_goes(tree: Tree, target: Path, source: str, destination: str, expected: str) -> None:
    (target / "there").mkdir()
    os.symlink("/there", target / "link")
    os.symlink("/made/deep", target / "dangling")
    os.symlink("../../made/file", target / "dangling-file")
    copy(tree, target, source, destination)
    assert (target / expected).read_text() == "1"
    assert stat.S_IMODE((target / expected).stat().st_mode) == 0o640


def test_a_folder_is_merged(tree: Tree, target: Path) -> None:
    (target / "d/sub").mkdir(parents=True)
    (target / "d/sub/old").write_text("old")
    (target / "d/link").mkdir()
    (target / "d").chmod(0o711)
    copy(tree, target, "dir", "/d")
    assert sorted(path.name for path in target.rglob("*")) == ["d", "f", "link", "old", "sub"]
    assert os.readlink(target / "d/link") == "sub"
    assert stat.S_IMODE((target / "d").stat().st_mode) == 0o711
    assert stat.S_IMODE((target / "d/sub").stat().st_mode) == 0o700


def test_chmod_holds_for_all(tree: Tree, target: Path) -> None:
    copy(tree, target, "dir", "/d", "750")
    assert stat.S_IMODE((target / "d/sub/f").stat().st_mode) == 0o750


def test_impossible_destinations(tree: Tree, target: Path) -> None:
    (target / "file").write_text("")
    os.symlink("loop", target / "loop")
    for destination in ("/file/x", "/file/", "/loop/x"):
        with pytest.raises((InvalidSpec, OSError)):
            copy(tree, target, "one", destination)
    os.mkfifo(target / "fifo")
    with pytest.raises((InvalidSpec, OSError)):
        copy(tree, target, "one", "/fifo")


def test_archives_are_told_from_files() -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("x"))
    content = buffer.getvalue()
    for data in (content, gzip.compress(content), bz2.compress(content), lzma.compress(content)):
        file = io.BytesIO(data)
        assert is_archive(file)
        assert file.tell() == 0
    for data in (b"", b"x" * 2000, bytes(2048), gzip.compress(b"text"), gzip.compress(content)[:20], b"\x1f\x8bno"):
        assert not is_archive(io.BytesIO(data))
