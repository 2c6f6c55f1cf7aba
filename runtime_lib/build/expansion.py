"""Variables in a Dockerfile: `$x`, `${x}`, `${x:-y}`, `${x:+y}`, `${x:?y}`, `${x#p}`, `${x%p}`, `${x/p/r}`, quotes.

As docs.docker.com/reference/dockerfile/#environment-replacement has it. A value that grows beyond `LIMIT` characters is
refused: a few ENV lines that double each other would otherwise fill the memory.
"""

from __future__ import annotations

from ..errors import InvalidSpec
from . import substitution

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

LIMIT = 1 << 20
_DEPTH = 32  # nested ${...}
_SPECIAL = "@*#?-$!0"
_PATTERNS = ("#", "%", "/")


class Values(dict):  # type: ignore[type-arg]
    """Variables; `missing` gets the names that are used plainly and are not there, in their order."""

    def __init__(self, values: Mapping[str, str], missing: dict[str, None]) -> None:
        super().__init__(values)
        self.missing = missing


def word(text: str, values: Mapping[str, str], escape: str = "\\") -> str:
    """Return `text` with variables replaced, quotes and escapes removed. Raises InvalidSpec for broken syntax."""
    return "".join(part for part, _unused in _Scanner(text, values, escape).until("", 0))


def document(text: str, values: Mapping[str, str]) -> str:
    """Return the content of a here-document with variables replaced and escapes removed; quotes mean nothing there."""
    return "".join(part for part, _unused in _Scanner(text, values, "\\", quotes=False).until("", 0))


def words(text: str, values: Mapping[str, str], escape: str = "\\") -> list[str]:
    """Like `word`, but split at blanks that are neither quoted nor escaped; blanks of a value split too."""
    found: list[list[str]] = []
    open_word = False
    for part, splits in _Scanner(text, values, escape).until("", 0):
        for piece in part if splits else (part,):
            if splits and piece.isspace():
                open_word = False
                continue
            if not open_word:
                found.append([])
                open_word = True
            found[-1].append(piece)
    return ["".join(pieces) for pieces in found]


class _Scanner:
    """One pass over a text. Pieces are (text, whether its blanks separate words)."""

    def __init__(self, text: str, values: Mapping[str, str], escape: str, quotes: bool = True) -> None:
        self.quotes = quotes
        self.text = text
        self.position = 0
        self.values = values
        self.escape = escape
        self.size = 0

    def peek(self) -> str:
        return self.text[self.position : self.position + 1]

    def take(self) -> str:
        character = self.peek()
        self.position += 1
        return character

    def until(self, stop: str, depth: int, raw: bool = False) -> list[tuple[str, bool]]:
        """Return the pieces up to `stop`, or to the end when that is empty; `raw` keeps the characters that escape.

        Raises InvalidSpec.
        """
        pieces: list[tuple[str, bool]] = []
        while self.position < len(self.text):
            character = self.take()
            if stop and character == stop:
                return pieces
            if self.quotes and character == "'":
                pieces.append(self.counted(self.single_quoted(), False))
            elif self.quotes and character == '"':
                pieces.append(self.counted(self.double_quoted(depth), False))
            elif character == "$":
                pieces.append(self.counted(self.dollar(depth), True))
            elif character == self.escape:
                pieces.append(((character if raw else "") + self.take(), False))
            else:
                pieces.append((character, True))
        if stop:
            raise InvalidSpec(f"{self.text!r} lacks a closing {stop}")
        return pieces

    def counted(self, text: str, splits: bool) -> tuple[str, bool]:
        self.size += len(text)
        if self.size > LIMIT:
            raise InvalidSpec(f"a value grows beyond {LIMIT} characters; use shorter variables")
        return text, splits

    def single_quoted(self) -> str:
        end = self.text.find("'", self.position)
        if end < 0:
            raise InvalidSpec(f"{self.text!r} lacks a closing single quote")
        quoted = self.text[self.position : end]
        self.position = end + 1
        return quoted

    def double_quoted(self, depth: int) -> str:
        parts: list[str] = []
        while self.position < len(self.text):
            character = self.take()
            if character == '"':
                return "".join(parts)
            if character == "$":
                parts.append(self.dollar(depth))
                continue
            if character == self.escape and self.peek() in ('"', "$", self.escape):
                character = self.take()
            parts.append(character)
        raise InvalidSpec(f"{self.text!r} lacks a closing double quote")

    def dollar(self, depth: int) -> str:
        if self.peek() != "{":
            name = self.name()
            return self.plain(name) if name else "$"
        self.take()
        name = self.name()
        operator = self.take()
        if operator == "}" and name:
            return self.plain(name)
        if name and depth < _DEPTH:
            if operator in _PATTERNS:
                return self.changed(name, operator, depth + 1)
            colon = operator == ":"
            operator = self.take() if colon else operator
            if operator and operator in "-+?":
                alternative = self.text_until("}", depth + 1)
                value = self.values.get(name)
                return self.substitute(name, value, operator, alternative, value is None or (colon and not value))
        raise InvalidSpec(
            f"{self.text!r} has a substitution that is none of ${{x}}, ${{x:-y}}, ${{x:+y}}, ${{x:?y}}, ${{x#p}}, "
            "${x%p}, ${x/p/r}"
        )

    def plain(self, name: str) -> str:
        if name not in self.values and isinstance(self.values, Values) and name not in _SPECIAL:
            self.values.missing[name] = None
        return self.values.get(name, "")

    def text_until(self, stop: str, depth: int, raw: bool = False) -> str:
        return "".join(part for part, _unused in self.until(stop, depth, raw))

    def changed(self, name: str, operator: str, depth: int) -> str:
        """Return the value of `${name#p}` and its like; the operator has been read."""
        twice = self.peek() == operator
        if twice:
            self.take()
        value = self.values.get(name, "")
        pattern = self.text_until("/" if operator == "/" else "}", depth, raw=True)
        if operator == "/":
            return substitution.replaced(value, pattern, self.text_until("}", depth, raw=True), twice)
        cut = substitution.without_prefix if operator == "#" else substitution.without_suffix
        return cut(value, pattern, twice)

    @staticmethod
    def substitute(name: str, value: str | None, operator: str, alternative: str, unset: bool) -> str:
        if operator == "+":
            return "" if unset else alternative
        if not unset:
            return value or ""
        if operator == "?":
            raise InvalidSpec(f"{name}: {alternative or 'is not set'}")
        return alternative

    def name(self) -> str:
        start = self.position
        first = self.peek()
        if first.isdigit():
            while self.peek().isdigit():
                self.position += 1
        elif first and first in _SPECIAL:
            self.position += 1
        else:
            while self.peek().isalnum() or self.peek() == "_":
                self.position += 1
        return self.text[start : self.position]
