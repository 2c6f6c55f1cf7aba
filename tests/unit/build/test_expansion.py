from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime_lib.build import expansion
from runtime_lib.errors import InvalidSpec

VALUES = {"x": "1", "empty": "", "two": "a b", "long_name": "L"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("$x", "1"),
        ("${x}", "1"),
        ("a${x}b$x", "a1b1"),
        ("$x_", ""),
        ("$long_name", "L"),
        ("$unset", ""),
        ("${unset}", ""),
        (r"\$x", "$x"),
        (r"\${x}", "${x}"),
        (r"a\\b", r"a\b"),
        ("'$x'", "$x"),
        ('"$x"', "1"),
        (r'"\$x \"q\" \n"', r'$x "q" \n'),
        ("'a'\"b\"c", "abc"),
        ("${unset:-y}", "y"),
        ("${unset-y}", "y"),
        ("${empty:-y}", "y"),
        ("${empty-y}", ""),
        ("${x:-y}", "1"),
        ("${x:+y}", "y"),
        ("${empty:+y}", ""),
        ("${empty+y}", "y"),
        ("${unset:+y}", ""),
        ("${unset:-${x}z}", "1z"),
        ("${unset:-${empty:-${two}}}", "a b"),
        ("${x:?must}", "1"),
        ("$", "$"),
        ("a$ b", "a$ b"),
        ("$1", ""),
        ("$12x", "x"),
        ("$$x", "x"),
        ("end\\", "end"),
        ("ünï$x", "ünï1"),
    ],
)
def test_word(text: str, expected: str) -> None:
    assert expansion.word(text, VALUES) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$two", ["a", "b"]),
        ('"$two"', ["a b"]),
        ("1 2\t3", ["1", "2", "3"]),
        (r"a\ b c", ["a b", "c"]),
        ("x$two", ["xa", "b"]),
        ("$empty", []),
        ("''", [""]),
        ("  ", []),
    ],
)
def test_words(text: str, expected: list[str]) -> None:
    assert expansion.words(text, VALUES) == expected


@pytest.mark.parametrize(
    "text", ["'a", '"a', "${x", "${", "${}", "${:x}", "${x:", "${x!y}", "${x:=y}", "${{x}}", "${x:-'}"]
)
def test_broken(text: str) -> None:
    with pytest.raises(InvalidSpec):
        expansion.word(text, VALUES)


def test_a_required_variable_is_named() -> None:
    with pytest.raises(InvalidSpec, match="^unset: say so$"):
        expansion.word("${unset:?say so}", VALUES)


def test_the_escape_character_can_be_a_backtick() -> None:
    assert expansion.word("c:\\x`$x", VALUES, "`") == "c:\\x$x"


def test_depth_and_size_have_a_limit() -> None:
    with pytest.raises(InvalidSpec):
        expansion.word("${a:-" * 10_000 + "}" * 10_000, {})
    with pytest.raises(InvalidSpec, match="grows beyond"):
        expansion.word("$big" * 100, {"big": "x" * 100_000})


@given(st.text(alphabet="${}:-+?x \\'\"", max_size=200))
def test_any_text_ends(text: str) -> None:
    try:
        expansion.words(text, VALUES)
    except InvalidSpec:
        return
