"""TOML as far as registries.conf has it: Python knows the whole of it since 3.11 only.

Tables, arrays of tables, strings on one line, booleans, integers, and arrays of those, also over several lines.
"""

from __future__ import annotations

from ..errors import InvalidSpec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", '"': '"', "\\": "\\"}
_BARE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")


def parse(text: str, where: str) -> dict[str, Any]:
    """Return the document. Raises InvalidSpec with file and line for what is not understood."""
    return _Parser(text, where).document()


class _Parser:
    def __init__(self, text: str, where: str) -> None:
        self._text = text.replace("\r\n", "\n")
        self._where = where
        self._place = 0

    def document(self) -> dict[str, Any]:
        top: dict[str, Any] = {}
        table = top
        while self._skip(lines=True):
            if self._text.startswith("[[", self._place):
                self._place += 2
                table = self._append(top, self._keys("]]"))
            elif self._text[self._place] == "[":
                self._place += 1
                table = self._descend(top, self._keys("]"))
            else:
                *path, key = self._keys("=")
                self._skip()
                inner = self._descend(table, path)
                if key in inner:
                    raise self._wrong(f"{key} stands there twice")
                inner[key] = self._value()
            self._line_end()
        return top

    def _wrong(self, what: str) -> InvalidSpec:
        line = self._text.count("\n", 0, self._place) + 1
        return InvalidSpec(f"{self._where}:{line}: {what}")

    def _skip(self, lines: bool = False) -> bool:
        """Pass over blanks and comments, with `lines` also over ends of lines; return whether anything is left."""
        text = self._text
        while self._place < len(text):
            char = text[self._place]
            if char == "#":
                end = text.find("\n", self._place)
                self._place = len(text) if end < 0 else end
            elif char in " \t" or (lines and char == "\n"):
                self._place += 1
            else:
                return True
        return False

    def _line_end(self) -> None:
        if self._skip() and self._text[self._place] != "\n":
            raise self._wrong(f"{self._text[self._place]!r} is not expected here")

    def _keys(self, end: str) -> list[str]:
        found = []
        while True:
            self._skip()
            found.append(self._key())
            self._skip()
            if self._text.startswith(end, self._place):
                self._place += len(end)
                return found
            if not self._text.startswith(".", self._place):
                raise self._wrong(f"{end} is expected after a name")
            self._place += 1

    def _key(self) -> str:
        if self._text[self._place : self._place + 1] in ('"', "'"):
            return self._string()
        start = self._place
        while self._text[self._place : self._place + 1] in _BARE and self._place < len(self._text):
            self._place += 1
        if start == self._place:
            raise self._wrong("a name is expected here")
        return self._text[start : self._place]

    def _descend(self, table: dict[str, Any], path: list[str]) -> dict[str, Any]:
        for key in path:
            found = table.setdefault(key, {})
            table = found[-1] if isinstance(found, list) and found else found
            if not isinstance(table, dict):
                raise self._wrong(f"{key} is no table")
        return table

    def _append(self, top: dict[str, Any], path: list[str]) -> dict[str, Any]:
        *parents, key = path
        tables = self._descend(top, parents).setdefault(key, [])
        if not isinstance(tables, list):
            raise self._wrong(f"{key} is no list of tables")
        tables.append({})
        return tables[-1]  # type: ignore[no-any-return]

    def _value(self) -> Any:
        char = self._text[self._place : self._place + 1]
        if char in ('"', "'") and char:
            return self._string()
        if char == "[":
            return self._array()
        for word, value in (("true", True), ("false", False)):
            if self._text.startswith(word, self._place):
                self._place += len(word)
                return value
        start = self._place
        while self._text[self._place : self._place + 1] in _BARE | {"+"} and self._place < len(self._text):
            self._place += 1
        try:
            return int(self._text[start : self._place].replace("_", ""))
        except ValueError:
            raise self._wrong("a text, a number, true, false or a list is expected here") from None

    def _array(self) -> list[Any]:
        self._place += 1
        found: list[Any] = []
        while self._skip(lines=True) and self._text[self._place] != "]":
            found.append(self._value())
            if self._skip(lines=True) and self._text[self._place] == ",":
                self._place += 1
            elif not self._text.startswith("]", self._place):
                raise self._wrong("a comma or ] is expected here")
        if not self._text.startswith("]", self._place):
            raise self._wrong("the list has no end")
        self._place += 1
        return found

    def _string(self) -> str:
        quote = self._text[self._place]
        if self._text.startswith(quote * 3, self._place):
            raise self._wrong("texts of several lines are not understood; write it on one line")
        self._place += 1
        found = []
        while self._place < len(self._text) and self._text[self._place] not in (quote, "\n"):
            char = self._text[self._place]
            if char == "\\" and quote == '"':
                self._place += 1
                char = _ESCAPES.get(self._text[self._place : self._place + 1], "")
                if not char:
                    raise self._wrong("this escape is not understood")
            found.append(char)
            self._place += 1
        if not self._text.startswith(quote, self._place):
            raise self._wrong("the text has no end on its line")
        self._place += 1
        return "".join(found)
