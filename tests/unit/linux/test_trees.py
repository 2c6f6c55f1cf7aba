"""A tree goes away whole, and nothing outside of it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from runtime_lib.linux.trees import remove_tree, tree_size


def remove(parent: Path, name: str) -> None:
    descriptor = os.open(parent, os.O_RDONLY)
    try:
        remove_tree(descriptor, name)
    finally:
        os.close(descriptor)


def test_a_tree_with_everything_in_it(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "victim").write_text("keep me")
    tree = tmp_path / "tree"
    (tree / "a" / "b").mkdir(parents=True)
    (tree / "a" / "file").write_text("x")
    (tree / "a" / "b" / "link").symlink_to(outside)
    (tree / "dangling").symlink_to("/nowhere")
    os.mkfifo(tree / "fifo")
    os.link(tree / "a" / "file", tree / "second")
    remove(tmp_path, "tree")
    assert not tree.exists()
    assert (outside / "victim").read_text() == "keep me"


def test_a_link_in_place_of_the_tree_is_deleted_alone(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "tree").symlink_to("outside")
    remove(tmp_path, "tree")
    assert (tmp_path / "outside").is_dir()
    assert not (tmp_path / "tree").is_symlink()


def test_what_is_gone_already_is_no_error(tmp_path: Path) -> None:
    remove(tmp_path, "nothing")


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "/"])
def test_only_a_name_inside_the_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(OSError, match="not a name inside a folder"):
        remove(tmp_path, name)


def test_a_tree_deeper_than_the_interpreters_stack(tmp_path: Path) -> None:
    current = os.open(tmp_path, os.O_RDONLY)
    for _ in range(1200):
        os.mkdir("d", dir_fd=current)
        following = os.open("d", os.O_RDONLY, dir_fd=current)
        os.close(current)
        current = following
    os.close(current)
    remove(tmp_path, "d")
    assert os.listdir(tmp_path) == []


def test_no_descriptor_is_left_open(tmp_path: Path) -> None:
    (tmp_path / "tree" / "a" / "b").mkdir(parents=True)
    before = len(os.listdir("/proc/self/fd"))
    remove(tmp_path, "tree")
    assert len(os.listdir("/proc/self/fd")) == before


def test_the_size_of_a_tree(tmp_path: Path) -> None:
    (tmp_path / "tree" / "inner").mkdir(parents=True)
    (tmp_path / "tree" / "a").write_bytes(b"12345")
    os.link(tmp_path / "tree" / "a", tmp_path / "tree" / "inner" / "again")
    (tmp_path / "tree" / "inner" / "b").write_bytes(b"123")
    (tmp_path / "outside").write_bytes(b"x" * 1000)
    (tmp_path / "tree" / "link").symlink_to("/etc")
    assert tree_size(str(tmp_path / "tree")) == 5 + 3 + len("/etc")
    assert tree_size(str(tmp_path / "missing")) == 0
