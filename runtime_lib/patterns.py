"""Regular expressions that are compiled when they are first needed: importing `re` costs what a short command takes."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re


class Pattern:
    """A regular expression of ASCII classes."""

    __slots__ = ("_compiled", "_text")

    def __init__(self, text: str) -> None:
        self._text = text
        self._compiled: re.Pattern[str] | None = None

    def match(self, text: str) -> re.Match[str] | None:
        """Match at the beginning of a text, as re.Pattern.match."""
        if self._compiled is None:
            import re

            self._compiled = re.compile(self._text, re.ASCII)
        return self._compiled.match(text)


NAME = Pattern(r"[a-zA-Z0-9][a-zA-Z0-9_.-]*\Z")  # of a container or a volume, as Docker has it
