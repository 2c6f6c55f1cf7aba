"""The walk for older kernels does what the kernel's own call does; the kernel is the oracle."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from runtime_lib.linux import libc, pathwalk

IN_ROOT = libc.RESOLVE_IN_ROOT | libc.RESOLVE_NO_MAGICLINKS
BENEATH = libc.RESOLVE_BENEATH | libc.RESOLVE_NO_SYMLINKS | libc.RESOLVE_NO_MAGICLINKS | libc.RESOLVE_NO_XDEV

PATHS = """
/ . .. ... .// //a a a/ a/. a/.. a/../ a/../../a/file a/file a/file/ a/file/. a/file/.. a/file/x a/missing missing/x
missing/ missing/../a absolute absolute/ absolute/file climbing/file relative/file detour/file self loop loop/x one two
dangling dangling/ dangling/x deep deep/ deep/file out out/file chain/file upward upward/file tofile tofile/ tofile/..
todot todot/file fifo fifo/x a/b/c/../../file a/b/../../a/b/./c absolute/../a/file rootlink rootlink/a/file
"""
FLAGS = {
    "path": os.O_PATH,
    "link": os.O_PATH | os.O_NOFOLLOW,
    "folder": os.O_RDONLY | os.O_DIRECTORY,
    "real folder": os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW,
    "read": os.O_RDONLY | os.O_NONBLOCK,
    "no link": os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW,
}


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("walk") / "root"
    (root / "a" / "b" / "c").mkdir(parents=True)
    (root / "a" / "file").write_text("inside")
    (root.parent / "file").write_text("outside")
    os.mkfifo(root / "fifo")
    links = {
        "absolute": "/a", "climbing": "../../../a", "relative": "a", "detour": "/../a/../a/", "self": "self",
        "loop": "loop/x", "one": "two", "two": "one", "dangling": "/nothing", "out": str(root.parent),
        "chain": "absolute/../climbing", "upward": "..", "tofile": "a/file", "todot": "a/.", "rootlink": "/",
    }  # fmt: skip
    for name, target in links.items():
        (root / name).symlink_to(target)
    for number in range(45):
        (root / f"hop{number}").symlink_to("a" if number == 0 else f"hop{number - 1}")
    (root / "deep").symlink_to("hop38")
    return root


def outcome(opener: Callable[..., int], tree: Path, path: str, flags: int, resolve: int) -> tuple[int, int] | int:
    """Return which file was opened, or the errno."""
    root = os.open(tree, os.O_PATH)
    try:
        descriptor = opener(root, path, flags, 0, resolve)
    except OSError as error:
        return error.errno or -1
    finally:
        os.close(root)
    status = os.fstat(descriptor)
    os.close(descriptor)
    return status.st_dev, status.st_ino


@pytest.mark.parametrize("resolve", [IN_ROOT, BENEATH, libc.RESOLVE_IN_ROOT | libc.RESOLVE_NO_SYMLINKS])
@pytest.mark.parametrize("kind", FLAGS)
def test_the_walk_finds_what_the_kernel_finds(tree: Path, kind: str, resolve: int) -> None:
    paths = [*PATHS.split(), "", *(f"hop{number}" for number in (37, 38, 39, 40, 41)), "a" * 300, "./" * 2100]
    found = {path: outcome(pathwalk.walk, tree, path, FLAGS[kind], resolve) for path in paths}
    assert found == {path: outcome(libc.openat2, tree, path, FLAGS[kind], resolve) for path in paths}


@pytest.mark.parametrize("path", ["new", "absolute/new", "dangling", "a/file", "tofile", "missing/x"])
@pytest.mark.parametrize("more", [0, os.O_EXCL, os.O_NOFOLLOW])
def test_files_are_made_where_the_kernel_makes_them(tmp_path: Path, path: str, more: int) -> None:
    results = []
    for opener in (pathwalk.walk, libc.openat2):
        root = tmp_path / opener.__name__
        (root / "a").mkdir(parents=True)
        (root / "a" / "file").touch()
        for name, target in (("absolute", "/a"), ("dangling", "/made"), ("tofile", "a/file")):
            (root / name).symlink_to(target)
        descriptor = os.open(root, os.O_PATH)
        try:
            os.close(opener(descriptor, path, os.O_WRONLY | os.O_CREAT | more, 0o600, IN_ROOT))
            number: int | None = 0
        except OSError as error:
            number = error.errno
        os.close(descriptor)
        results.append((number, sorted(str(entry.relative_to(root)) for entry in root.rglob("*"))))
    assert results[0] == results[1]


@pytest.mark.parametrize("path", ["self/fd/0", "self/root/etc", "self/cwd", "self/exe", "self/ns/net", "mounts"])
def test_magic_links_are_refused_and_others_are_not(path: str) -> None:
    kernel = outcome(libc.openat2, Path("/proc"), path, os.O_PATH, IN_ROOT)
    assert kernel == errno.ELOOP or path == "mounts"
    assert outcome(pathwalk.walk, Path("/proc"), path, os.O_PATH, IN_ROOT) == kernel


def test_mounts_are_not_crossed(tree: Path) -> None:
    for opener in (libc.openat2, pathwalk.walk):
        assert outcome(opener, Path("/"), "proc/self/status", os.O_PATH, BENEATH) == errno.EXDEV
        assert outcome(opener, Path("/"), "proc", os.O_PATH, BENEATH) == errno.EXDEV


def test_the_error_names_the_whole_path(tree: Path) -> None:
    root = os.open(tree, os.O_PATH)
    with pytest.raises(FileNotFoundError) as caught:
        pathwalk.walk(root, "a/missing/x", os.O_RDONLY, 0, IN_ROOT)
    os.close(root)
    assert caught.value.filename == "a/missing/x"


def test_a_zero_byte_is_refused(tree: Path) -> None:
    with pytest.raises(OSError, match="zero byte"):
        pathwalk.open_at(0, "a\0b", os.O_RDONLY, 0, IN_ROOT)


def test_no_descriptor_is_left(tree: Path) -> None:
    before = os.listdir("/proc/self/fd")
    for path in PATHS.split():
        for flags in FLAGS.values():
            outcome(pathwalk.walk, tree, path, flags, IN_ROOT)
    assert os.listdir("/proc/self/fd") == before


def test_a_folder_that_is_moved_out_leads_nowhere(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    (root / "a" / "b").mkdir(parents=True)
    outside.mkdir()
    for folder, text in ((tmp_path, "outside"), (outside, "outside"), (root, "inside"), (root / "a", "inside")):
        (folder / "secret").write_text(text)
    done = threading.Event()

    def swap() -> None:
        while not done.is_set():
            os.rename(root / "a" / "b", outside / "b")
            os.rename(outside / "b", root / "a" / "b")

    thread = threading.Thread(target=swap)
    thread.start()
    descriptor = os.open(root, os.O_PATH)
    seen = set()
    try:
        for path in ["a/b/../secret", "a/b/../../secret"] * 500:
            try:
                found = pathwalk.walk(descriptor, path, os.O_RDONLY, 0, IN_ROOT)
            except (FileNotFoundError, BlockingIOError):
                continue
            with open(found) as file:
                seen.add(file.read())
    finally:
        done.set()
        thread.join()
        os.close(descriptor)
    assert seen <= {"inside"}
