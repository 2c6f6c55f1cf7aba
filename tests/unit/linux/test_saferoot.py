"""A path never leaves the tree, whatever the tree holds."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from runtime_lib.linux import libc, pathwalk
from runtime_lib.linux.saferoot import SafeRoot


@pytest.fixture(autouse=True, params=[libc.openat2, pathwalk.walk], ids=["openat2", "walk"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test runs with the kernel's call and with the walk for kernels that lack it."""
    monkeypatch.setattr(pathwalk, "_open", request.param)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    (root / "etc").mkdir(parents=True)
    (root / "etc" / "passwd").write_text("inside")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "passwd").write_text("outside")
    return root


@pytest.mark.parametrize(
    ("link", "target"),
    [
        ("absolute", "/etc"),
        ("climbing", "../../../../etc"),
        ("relative", "etc"),
        ("detour", "/../etc/../etc"),
    ],
)
def test_links_resolve_inside(tree: Path, link: str, target: str) -> None:
    (tree / link).symlink_to(target)
    with SafeRoot.at(str(tree)) as root:
        assert root.read(f"{link}/passwd") == b"inside"


def test_a_link_to_a_folder_of_the_host_finds_nothing(tree: Path) -> None:
    (tree / "out").symlink_to(tree.parent / "outside")
    with SafeRoot.at(str(tree)) as root, pytest.raises(FileNotFoundError):
        root.read("out/passwd")


def test_dotdot_stops_at_the_root(tree: Path) -> None:
    with SafeRoot.at(str(tree)) as root:
        assert root.read("../../../etc/passwd") == b"inside"


def test_fifo_is_refused_without_waiting(tree: Path) -> None:
    os.mkfifo(tree / "etc" / "group")
    with SafeRoot.at(str(tree)) as root, pytest.raises(OSError, match="not a regular file"):
        root.read("etc/group")


def test_a_large_file_is_refused(tree: Path) -> None:
    (tree / "large").write_bytes(b"x" * 11)
    with SafeRoot.at(str(tree)) as root:
        assert root.read("large", limit=11) == b"x" * 11
        with pytest.raises(OSError, match="larger than 10") as caught:
            root.read("large", limit=10)
    assert caught.value.errno == errno.EFBIG


def test_missing_folders_are_made_behind_links(tree: Path) -> None:
    (tree / "var").symlink_to("/srv/deep")
    with SafeRoot.at(str(tree)) as root, pytest.raises(FileNotFoundError):
        root.folder("var/a/b")
    (tree / "srv" / "deep").mkdir(parents=True)
    with SafeRoot.at(str(tree)) as root:
        os.close(root.folder("var/a/b"))
    assert (tree / "srv" / "deep" / "a" / "b").is_dir()


def test_folder_modes_do_not_depend_on_the_umask(tree: Path) -> None:
    before = os.umask(0o077)
    try:
        with SafeRoot.at(str(tree)) as root:
            os.close(root.folder("new/one", 0o755))
    finally:
        os.umask(before)
    assert (tree / "new").stat().st_mode & 0o777 == 0o755
    assert (tree / "new" / "one").stat().st_mode & 0o777 == 0o755


def test_folder_with_dotdot_makes_nothing_outside(tree: Path) -> None:
    with SafeRoot.at(str(tree)) as root:
        os.close(root.folder("a/../../../b"))
    assert sorted(path.name for path in tree.parent.iterdir()) == ["outside", "root"]
    assert (tree / "b").is_dir()


def test_parent_gives_the_folder_and_the_last_name(tree: Path) -> None:
    with SafeRoot.at(str(tree)) as root:
        folder, name = root.parent("/etc/shadow")
        try:
            assert name == "shadow"
            assert os.readlink(f"/proc/self/fd/{folder}") == str(tree / "etc")
        finally:
            os.close(folder)
        with pytest.raises(FileNotFoundError):
            root.parent("/nowhere/x")


@pytest.mark.parametrize("path", ["/", "", "a/..", "a/."])
def test_parent_wants_a_name(tree: Path, path: str) -> None:
    with SafeRoot.at(str(tree)) as root, pytest.raises(OSError, match="not the name of a file"):
        root.parent(path)
