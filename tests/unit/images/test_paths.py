from __future__ import annotations

import pytest

from runtime_lib.errors import CorruptData
from runtime_lib.images import paths


@pytest.mark.parametrize(
    ("path", "parts"),
    [
        ("a", ("", "a")),
        ("a/b/c", ("a/b", "c")),
        ("a/b/", ("a", "b")),
        ("./a", ("", "a")),
        ("/a/b", ("a", "b")),
        ("//a///b/./c", ("a/b", "c")),
        ("a/../b", ("", "b")),
        ("a/..", ("", "")),
        ("a/.", ("", "a")),
        (".", ("", "")),
        ("./", ("", "")),
        ("/", ("", "")),
        ("", ("", "")),
        (".hidden/..data", (".hidden", "..data")),
    ],
)
def test_paths_are_split_inside_the_root(path: str, parts: tuple[str, str]) -> None:
    assert paths.split(path) == parts


@pytest.mark.parametrize("path", ["..", "../a", "/../a", "a/../../b", "./..", "a/b/../../.."])
def test_paths_above_the_root_are_refused(path: str) -> None:
    with pytest.raises(CorruptData, match="leads out of it"):
        paths.split(path)
