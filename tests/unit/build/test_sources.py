from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime_lib.build import ignore
from runtime_lib.build.context import Context
from runtime_lib.build.sources import Source, Tree
from runtime_lib.errors import InvalidSpec, NotFound
from runtime_lib.linux.saferoot import SafeRoot


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    context = tmp_path / "context"
    for name in ("a/x", "a/sub/y", "b.txt", "c.txt"):
        path = context / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    os.symlink("x", context / "a/link")
    os.symlink("a/sub", context / "to-sub")
    (tmp_path / "outside").write_text("secret")
    os.symlink("../outside", context / "out")
    return context


@pytest.fixture
def root(folder: Path) -> Iterator[SafeRoot]:
    with SafeRoot.at(str(folder)) as opened:
        yield opened


def names(sources: list[Source]) -> list[tuple[str, list[str]]]:
    return [(source.name, [entry.relative for entry in source.entries]) for source in sources]


def test_files_folders_links_and_patterns(root: SafeRoot) -> None:
    tree = Tree(root)
    assert names(tree.find(["b.txt"])) == [("b.txt", [""])]
    assert names(tree.find(["/a/"])) == [("a", ["link", "sub", "x", "sub/y"])]
    assert names(tree.find(["to-sub"])) == [("to-sub", ["y"])]
    assert names(tree.find(["a/link"])) == [("link", [""])]
    assert names(tree.find(["[bc].t*"])) == [("b.txt", [""]), ("c.txt", [""])]
    assert [name for name, _entries in names(tree.find(["a/*"]))] == ["link", "sub", "x"]
    assert [entry.link for entry in tree.find(["a"])[0].entries] == ["x", "", "", ""]


@pytest.mark.parametrize("paths", [["no"], ["out"], ["b.txt/x"], ["a", "no"], ["?"]])
def test_what_is_not_there(root: SafeRoot, paths: list[str]) -> None:
    if paths == ["?"]:
        assert names(Tree(root).find(paths)) == [("a", ["link", "sub", "x", "sub/y"])]
        return
    with pytest.raises(InvalidSpec):
        Tree(root).find(paths)


def test_ignored_paths(root: SafeRoot) -> None:
    tree = Tree(root, ignore.parse("a\n!a/sub/y\n*.txt\n!c.txt\n"))
    assert names(tree.find(["a"])) == [("a", ["sub/y"])]
    assert names(tree.find(["*.txt"])) == [("c.txt", [""])]
    for path in ("b.txt", "a/x", "a/link"):
        with pytest.raises(InvalidSpec, match=r"\.dockerignore"):
            tree.find([path])


def test_the_digest_ignores_times_and_nothing_else(folder: Path, root: SafeRoot) -> None:
    tree = Tree(root)

    def digest() -> str:
        return tree.digest(tree.find(["a"]))

    seen = {digest()}
    os.utime(folder / "a/x", (0, 0))
    assert {digest()} == seen
    (folder / "a/x").chmod(0o600)
    seen.add(digest())
    (folder / "a/x").write_text("other")
    seen.add(digest())
    (folder / "a/link").unlink()
    seen.add(digest())
    os.symlink("sub", folder / "a/link")
    seen.add(digest())
    (folder / "a/new").mkdir()
    seen.add(digest())
    assert len(seen) == 6


def test_a_context_reads_its_two_files(folder: Path) -> None:
    (folder / "Dockerfile").write_text("FROM x\n")
    (folder / "Other").write_text("FROM y\n")
    (folder / ".dockerignore").write_text("b.txt\n")
    (folder / "Other.dockerignore").write_text("c.txt\n")
    for name, text, left_out in (("Dockerfile", "FROM x\n", "b.txt"), ("Other", "FROM y\n", "c.txt")):
        with Context(str(folder), name) as context:
            assert context.dockerfile == text
            assert [name for name, _entries in names(context.tree.find(["*.txt"]))] == [
                other for other in ("b.txt", "c.txt") if other != left_out
            ]
    with Context(str(folder), str(folder / "Other")) as context:
        assert context.dockerfile == "FROM y\n"


def test_a_dockerfile_elsewhere_has_its_own_rules(folder: Path, tmp_path: Path) -> None:
    outside, inside = tmp_path / "elsewhere", folder / "deeper"
    for place in (outside, inside):
        place.mkdir()
        (place / "Dockerfile").write_text("FROM x\n")
        (place / "Dockerfile.dockerignore").write_text("b.txt\n")
    (folder / ".dockerignore").write_text("c.txt\n")
    for path in (f"{outside}/Dockerfile", f"{inside}/Dockerfile", "deeper/Dockerfile"):
        with Context(str(folder), path) as context:
            assert [name for name, _entries in names(context.tree.find(["*.txt"]))] == ["c.txt"]
    (outside / "Dockerfile.dockerignore").unlink()
    with Context(str(folder), f"{outside}/Dockerfile") as context:
        assert [name for name, _entries in names(context.tree.find(["*.txt"]))] == ["b.txt"]


def test_a_context_that_cannot_be_read(folder: Path) -> None:
    with pytest.raises(NotFound):
        Context(str(folder / "no"), "Dockerfile")
    with pytest.raises(NotFound):
        Context(str(folder), "Dockerfile")
    with pytest.raises(NotFound):
        Context(str(folder), "out")
    (folder / "Dockerfile").write_bytes(b"FROM \xff")
    with pytest.raises(InvalidSpec, match="UTF-8"):
        Context(str(folder), "Dockerfile")
    (folder / "large").write_bytes(b"#" * (1 << 21))
    with pytest.raises(InvalidSpec, match="larger than"):
        Context(str(folder), "large")
