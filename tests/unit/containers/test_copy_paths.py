from __future__ import annotations

import pytest

from runtime_lib.containers import copy_paths
from runtime_lib.containers.copy_paths import Target
from runtime_lib.errors import InvalidSpec, WrongState


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("web:/etc", ("web", "/etc")),
        ("web:", ("web", "")),
        ("/a:b", ("", "/a:b")),
        ("./a:b", ("", "./a:b")),
        ("../a:b", ("", "../a:b")),
        ("file", ("", "file")),
        ("-", ("", "-")),
        ("web:a:b", ("web", "a:b")),
    ],
)
def test_an_argument_names_a_container_or_this_host(text: str, parts: tuple[str, str]) -> None:
    assert copy_paths.container_and_path(text) == parts


@pytest.mark.parametrize(
    ("path", "clean"),
    [
        ("a/../b", "/b"),
        ("a/", "/a/"),
        ("a/.", "/a/."),
        ("/", "/"),
        ("/.", "/."),
        ("", "/"),
        ("../../x", "/x"),
        ("//a", "/a"),
    ],
)
def test_the_end_of_a_path_is_kept(path: str, clean: str) -> None:
    assert copy_paths.absolute(path) == clean


@pytest.mark.parametrize(
    ("path", "parts"), [("/a/b", ("/a", "b")), ("/a/b/", ("/a", "b")), ("/a/.", ("/a", ".")), ("/", ("/", "/"))]
)
def test_a_path_has_a_folder_and_a_name(path: str, parts: tuple[str, str]) -> None:
    assert copy_paths.split(path) == parts


def test_the_place_of_a_copy() -> None:
    folder, file, nothing = Target("/d", True, True), Target("/d/f", True), Target("/d/n")
    assert copy_paths.place("x", False, folder) == copy_paths.place("x", True, folder) == ("/d", "x")
    assert copy_paths.place("x", False, file) == ("/d", "f")
    assert copy_paths.place("x", True, nothing) == copy_paths.place("x", False, nothing) == ("/d", "n")
    assert copy_paths.place("x", True, Target("/d/n/")) == ("/d", "n")
    with pytest.raises(WrongState, match="a file is there"):
        copy_paths.place("x", True, file)
    with pytest.raises(InvalidSpec, match="no folder"):
        copy_paths.place("x", False, Target("/d/n/"))


def test_a_followed_link_keeps_the_name_that_was_asked_for() -> None:
    assert copy_paths.behind_link("/l", "/a/b") == ("/a/b", "l")
    assert copy_paths.behind_link("/b", "/a/b") == ("/a/b", "")
    assert copy_paths.behind_link("/l/", "/a/b") == ("/a/b/", "l")
    assert copy_paths.behind_link("/l/.", "/a/b") == ("/a/b/.", "")
