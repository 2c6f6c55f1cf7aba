"""Logical lines of a Dockerfile: parser directives, comments, line continuation and here-documents.

Rules as in docs.docker.com/reference/dockerfile/#format. Every function is linear in the size of the file.
"""

from __future__ import annotations

from ..errors import InvalidSpec
from ..records import dataclass
from . import words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_DIRECTIVES = ("syntax", "escape", "check")
_TAKE_HEREDOCS = ("run", "copy", "add")
_BLANKS = " \t"


@dataclass(frozen=True)
class Heredoc:
    """A here-document: `expand` is False when its delimiter was quoted."""

    name: str
    content: str
    expand: bool


@dataclass(frozen=True)
class Line:
    """One instruction as written, its continuation lines joined. `number` is that of its first line, from 1 on."""

    number: int
    text: str
    heredocs: tuple[Heredoc, ...] = ()


@dataclass(frozen=True)
class Lines:
    """All instructions of a file, and the character that escapes (`\\` or a backtick).

    `check` is the directive of this name; `empty_lines` are the numbers of empty lines inside of instructions.
    """

    escape: str
    lines: tuple[Line, ...]
    check: str = ""
    empty_lines: tuple[int, ...] = ()


def split(text: str, file: str) -> Lines:
    """Return the logical lines of a Dockerfile. Raises InvalidSpec for a wrong directive or an open here-document."""
    physical = [line[:-1] if line.endswith("\r") else line for line in text.lstrip("\ufeff").split("\n")]
    directives, position = _directives(physical, file)
    escape = directives.get("escape", "\\")
    found: list[Line] = []
    empty: list[int] = []
    while position < len(physical):
        first = position
        line, position = _logical(physical, position, escape)
        empty += [number + 1 for number in range(first, position) if line and not physical[number].strip()]
        if line:
            heredocs, position = _heredocs(physical, position, line, f"{file} line {first + 1}", escape)
            found.append(Line(first + 1, line, heredocs))
    return Lines(escape, tuple(found), directives.get("check", ""), tuple(empty))


def _directives(physical: Sequence[str], file: str) -> tuple[dict[str, str], int]:
    """Return (directives by name, index of the first line that is none)."""
    seen: dict[str, str] = {}
    for index, line in enumerate(physical):
        key, separator, value = line[1:].partition("=")
        key = key.strip().lower()
        if not line.startswith("#") or not separator or key not in _DIRECTIVES:
            return seen, index
        if key in seen:
            raise InvalidSpec(f"{file} line {index + 1}: the directive {key} is given twice; keep one of them")
        seen[key] = value.strip()
        if key == "escape" and seen[key] not in ("\\", "`"):
            raise InvalidSpec(f"{file} line {index + 1}: escape={seen[key]} is neither \\ nor `; use one of them")
    return seen, len(physical)


def _logical(physical: Sequence[str], position: int, escape: str) -> tuple[str, int]:
    """Return (joined line, index after it); the line is empty for a comment or a blank line."""
    first = physical[position].lstrip()
    if not first or first.startswith("#"):
        return "", position + 1
    parts: list[str] = []
    line = first
    while True:
        position += 1
        rest, goes_on = _continued(line, escape)
        parts.append(rest)
        if not goes_on:
            return "".join(parts), position
        while position < len(physical) and _skipped(physical[position]):
            position += 1
        if position == len(physical):
            return "".join(parts), position
        line = physical[position]


def _continued(line: str, escape: str) -> tuple[str, bool]:
    """Return (the line without the escape at its end, whether there was one); two of them stand for themselves."""
    trimmed = line.rstrip(_BLANKS)
    goes_on = trimmed.endswith(escape) and not trimmed.endswith(escape * 2)
    return (trimmed[:-1], True) if goes_on else (line, False)


def _skipped(line: str) -> bool:
    """Comments and empty lines do not end a continued instruction."""
    stripped = line.lstrip()
    return not stripped or stripped.startswith("#")


def _name(line: str) -> tuple[str, str]:
    parts = line.split(None, 1)
    return parts[0].lower() if parts else "", parts[1] if len(parts) > 1 else ""


def _heredocs(
    physical: Sequence[str], position: int, line: str, where: str, escape: str
) -> tuple[tuple[Heredoc, ...], int]:
    name, rest = _name(line)
    if name == "onbuild":
        name, rest = _name(rest)
    if "<<" not in rest or name not in _TAKE_HEREDOCS or rest.startswith("["):
        return (), position
    found: list[Heredoc] = []
    for word in words.split(rest, escape):
        marker = words.heredoc(word)
        if marker is None:
            continue
        delimiter, strip_tabs, expand = marker
        body = _body(physical, position, delimiter, strip_tabs, where)
        position += len(body) + 1
        found.append(Heredoc(delimiter, "".join(body), expand))
    return tuple(found), position


def _body(physical: Sequence[str], first: int, delimiter: str, strip_tabs: bool, where: str) -> list[str]:
    """Return the lines of a here-document that begins at line `first`, without the one that ends it."""
    body: list[str] = []
    for position in range(first, len(physical)):
        text = physical[position].lstrip("\t") if strip_tabs else physical[position]
        if text == delimiter:
            return body
        body.append(text + "\n")
    raise InvalidSpec(f"{where}: the here-document {delimiter} has no end; add a line with {delimiter}")
