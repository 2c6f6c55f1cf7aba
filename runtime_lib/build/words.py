"""Words of a Dockerfile line: quotes and escapes are kept, as variables are expanded later."""

from __future__ import annotations

import re

_HEREDOC = re.compile(r"[0-9]*<<(-?)([^<]+)")


def split(text: str, escape: str) -> list[str]:
    """Return the words of `text`; a quoted blank or an escaped one does not end a word. Quotes are kept."""
    found: list[str] = []
    word: list[str] = []
    quote = ""
    position = 0
    while position < len(text):
        character = text[position]
        if character == escape and quote != "'" and position + 1 < len(text):
            word.append(text[position : position + 2])
            position += 2
            continue
        position += 1
        if not quote and character.isspace():
            if word:
                found.append("".join(word))
                word = []
            continue
        if character in "'\"" and quote in ("", character):
            quote = "" if quote else character
        word.append(character)
    if word:
        found.append("".join(word))
    return found


def heredoc(word: str) -> tuple[str, bool, bool] | None:
    """Return (delimiter, whether leading tabs are cut, whether variables are expanded), or None for another word."""
    match = _HEREDOC.fullmatch(word)
    name = _unquoted(match[2]) if match else ""
    return (name, bool(match[1]), name == match[2]) if match and name else None


def _unquoted(word: str) -> str:
    """Return a delimiter without its quotes and backslashes; "" when a quote is open."""
    parts: list[str] = []
    quote = ""
    characters = iter(word)
    for character in characters:
        if character == quote:
            quote = ""
        elif not quote and character in "'\"":
            quote = character
        elif character == "\\" and quote != "'":
            parts.append(next(characters, ""))
        else:
            parts.append(character)
    return "" if quote else "".join(parts)
