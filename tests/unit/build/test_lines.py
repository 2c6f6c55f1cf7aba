from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime_lib.build import lines
from runtime_lib.errors import InvalidSpec


def texts(text: str) -> list[tuple[int, str]]:
    return [(line.number, line.text) for line in lines.split(text, "Dockerfile").lines]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("\n\n# a\n   # b\n", []),
        ("FROM x\nRUN y", [(1, "FROM x"), (2, "RUN y")]),
        ("\ufeffFROM x\r\nRUN y\r\n", [(1, "FROM x"), (2, "RUN y")]),
        ("   FROM x", [(1, "FROM x")]),
        ("RUN a \\\n  b", [(1, "RUN a   b")]),
        ("RUN a \\ \t\n  b\\\nc\nRUN d", [(1, "RUN a   bc"), (4, "RUN d")]),
        ("RUN a \\\n# comment\n\n   # another\n b", [(1, "RUN a  b")]),
        ("RUN a \\", [(1, "RUN a ")]),
        ("RUN a \\\n\n\n", [(1, "RUN a ")]),
        ("RUN a\\\\\nRUN b", [(1, "RUN a\\\\"), (2, "RUN b")]),
        ("RUN a # no comment", [(1, "RUN a # no comment")]),
        ("# escape=`\nRUN a\\\nRUN b `\n c", [(2, "RUN a\\"), (3, "RUN b  c")]),
        ("# syntax=docker/dockerfile:1\n# ESCAPE = `\nRUN b `\n c", [(3, "RUN b  c")]),
        ("\n# escape=`\nRUN b `\nRUN c", [(3, "RUN b `"), (4, "RUN c")]),
        ("# comment\n# escape=`\nRUN b \\\n c", [(3, "RUN b  c")]),
    ],
)
def test_logical_lines(text: str, expected: list[tuple[int, str]]) -> None:
    assert texts(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("# escape=x\nFROM a", "Dockerfile line 1: escape=x is neither"),
        ("# escape=`\n# escape=`\nFROM a", "line 2: the directive escape is given twice"),
        ("RUN cat <<EOF\nbody\n", "Dockerfile line 1: the here-document EOF has no end"),
    ],
)
def test_refused(text: str, message: str) -> None:
    with pytest.raises(InvalidSpec, match=message):
        lines.split(text, "Dockerfile")


def test_heredocs() -> None:
    text = "RUN <<A cat <<-'B C' <<-\"D\"\n$x\n  A\nA\n\tB C\n\tin d\n\tD\nRUN x"
    first, second = lines.split(text, "Dockerfile").lines
    assert [(part.name, part.content, part.expand) for part in first.heredocs] == [
        ("A", "$x\n  A\n", True),
        ("B C", "", False),
        ("D", "in d\n", False),
    ]
    assert (second.number, second.text) == (8, "RUN x")


@pytest.mark.parametrize(
    "text", ["RUN cat <<<EOF", "RUN x << EOF", "ENV a=<<EOF", 'RUN ["<<EOF"]', "RUN echo '<<EOF x'"]
)
def test_no_heredoc(text: str) -> None:
    assert lines.split(text, "Dockerfile").lines[0].heredocs == ()


@given(st.text(alphabet=" \t\n\\`#=<'\"-AEORUNescape$", max_size=400))
def test_any_text_ends(text: str) -> None:
    try:
        found = lines.split(text, "Dockerfile").lines
    except InvalidSpec:
        return
    assert all(line.text.strip() == line.text.lstrip().strip() for line in found)


@pytest.mark.parametrize(
    "text", ["RUN a \\\n" * 50_000, "RUN " + "'" * 200_000, "RUN <<" + "<" * 200_000, "\\\n" * 100_000]
)
def test_a_large_file_ends(text: str) -> None:
    assert len(lines.split(text, "Dockerfile").lines) <= 1
