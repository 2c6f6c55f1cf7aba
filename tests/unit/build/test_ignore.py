from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime_lib.build import ignore, patterns
from runtime_lib.errors import InvalidSpec


@pytest.mark.parametrize(
    ("rules", "excluded", "kept"),
    [
        ("", [], ["a", "a/b"]),
        ("# c\n\n   \n", [], ["a", "# c"]),
        ("a", ["a", "a/b", "a/b/c"], ["b/a", "ab"]),
        ("/a/", ["a", "a/b"], ["b/a"]),
        ("./a/../b", ["b"], ["a"]),
        ("*.o", ["x.o"], ["d/x.o", "x.oo"]),
        ("*/*.o", ["d/x.o"], ["x.o", "d/e/x.o"]),
        ("**/*.o", ["x.o", "d/x.o", "d/e/x.o", "x.o/y"], ["x.c"]),
        ("**", ["a", "a/b"], []),
        ("a/**", ["a/b", "a/b/c"], ["a", "b"]),
        ("a/**/z", ["a/z", "a/b/z", "a/b/c/z"], ["a/b", "z"]),
        ("**/node", ["node", "x/node", "x/node/y"], ["nodes"]),
        ("a**z", ["az", "ab/z", "a/b/z", "a/z/y"], ["abz", "b/az"]),
        ("d/a**/z", ["d/az", "d/a/z", "d/ab/c/z"], ["az", "d/abz"]),
        ("**.o", ["x.o", "d/x.o", ".o"], ["x.oo"]),
        ("d/**z", ["d/z", "d/e/z"], ["d/az", "z"]),
        ("a**", ["a", "ab", "a/b"], ["ba"]),
        (r"a\**", ["a*", "a*b"], ["ab", "a/b"]),
        ("*\n!keep", ["a", "a/keep"], ["keep", "keep/x"]),
        ("a\n!a/b\na/b/c", ["a", "a/x", "a/b/c"], ["a/b", "a/b/d"]),
        ("!a\na", ["a"], []),
        ("a?c", ["abc"], ["ac", "a/c"]),
        ("[a-c]x", ["ax", "cx"], ["dx"]),
        ("[^a]x", ["bx"], ["ax"]),
        (r"\*", ["*"], ["a"]),
        (" spaced \n", ["spaced"], []),
        (".", [], ["a"]),
        ("Dockerfile", ["Dockerfile"], ["d/Dockerfile"]),
    ],
)
def test_the_last_match_wins(rules: str, excluded: list[str], kept: list[str]) -> None:
    found = ignore.parse(rules)
    assert [path for path in excluded + kept if found.excludes(path)] == excluded


@pytest.mark.parametrize("rules", ["a\n!", "[a", "[]a]", "[-]", "a\\", "[a-]", "a**b/" * 6])
def test_a_broken_pattern_names_its_line(rules: str) -> None:
    with pytest.raises(InvalidSpec, match=r"\.dockerignore line \d"):
        ignore.parse(rules)


@pytest.mark.parametrize(
    ("pattern", "matching", "other"),
    [
        ("a*b*c", ["abc", "axxbyyc", "abbc"], ["ab", "abcd"]),
        ("*", ["", "a"], []),
        ("[]-a]", [], []),
        ("[a\\]]", ["a", "]"], ["\\"]),
        ("[^^]", ["a"], ["^"]),
    ],
)
def test_names(pattern: str, matching: list[str], other: list[str]) -> None:
    if pattern == "[]-a]":
        with pytest.raises(InvalidSpec):
            patterns.Name(pattern)
        return
    name = patterns.Name(pattern)
    assert [text for text in matching + other if name.match(text)] == matching


def test_no_pattern_takes_long() -> None:
    assert not patterns.Name("*a" * 200 + "b").match("a" * 5000)
    assert not patterns.Path("**/a" * 100 + "/b", deep=True).match("a/" * 1000 + "c")


@given(st.text(alphabet="*?[]^-\\ab/!.", max_size=60), st.text(alphabet="ab/.", min_size=1, max_size=60))
def test_any_pattern_ends(pattern: str, path: str) -> None:
    try:
        ignore.parse(pattern).excludes(path)
    except InvalidSpec:
        return
