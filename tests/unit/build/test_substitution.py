from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime_lib.build import expansion, substitution
from runtime_lib.errors import InvalidSpec


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${f#*/}", "usr/x.tar.gz"),
        ("${f##*/}", "x.tar.gz"),
        ("${f%.*}", "/usr/x.tar"),
        ("${f%%.*}", "/usr/x"),
        ("${f#?}", "usr/x.tar.gz"),
        ("${f#no}", "/usr/x.tar.gz"),
        ("${f##*}", ""),
        ("${f%%*}", ""),
        ("${f/x/y}", "/usr/y.tar.gz"),
        ("${f//r/R}", "/usR/x.taR.gz"),
        ("${f//r}", "refused"),
        ("${f/\\/usr/}", "/x.tar.gz"),
        ("${f//\\//-}", "-usr-x.tar.gz"),
        ("${f/u*x/y}", "/y.tar.gz"),
        ("${f/none/y}", "/usr/x.tar.gz"),
        ("${s#a\\*}", "b"),
        ("${s/\\*/$f}", "a/usr/x.tar.gzb"),
        ("${none#x}", ""),
        ("${none/x/y}", ""),
        ("${f#\\x}", "refused"),
        ("${f#x", "refused"),
        ("${f/x", "refused"),
    ],
)
def test_forms(text: str, expected: str) -> None:
    values = {"f": "/usr/x.tar.gz", "s": "a*b"}
    if expected == "refused":
        with pytest.raises(InvalidSpec):
            expansion.word(text, values)
    else:
        assert expansion.word(text, values) == expected


def test_lines_end_a_match() -> None:
    assert substitution.without_prefix("a\nb", "*", True) == "\nb"
    assert substitution.without_suffix("a\nb", "?", False) == "a\n"


@given(st.text(alphabet="ab*?\\", max_size=30), st.text(alphabet="ab*?", max_size=60))
def test_a_prefix_and_a_rest(pattern: str, value: str) -> None:
    try:
        shortest = substitution.without_prefix(value, pattern, False)
        longest = substitution.without_prefix(value, pattern, True)
    except InvalidSpec:
        return
    assert value.endswith(longest)
    assert shortest.endswith(longest)


@pytest.mark.parametrize("pattern", ["*a" * 40 + "b", "?" * 100, "a" * 4096])
def test_a_hard_pattern_ends(pattern: str) -> None:
    assert substitution.replaced("a" * 200, pattern, "x", True)


def test_a_long_value_is_refused() -> None:
    with pytest.raises(InvalidSpec, match="more than 4096 characters"):
        substitution.replaced("a" * 5000, "*", "", True)


def test_a_document_has_no_quotes() -> None:
    assert expansion.document('it\'s "$x" \\$x \\\\ ${y:-z}\n', {"x": "1"}) == 'it\'s "1" $x \\ z\n'
