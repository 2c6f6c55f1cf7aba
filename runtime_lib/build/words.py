"""Words of a Dockerfile line: quotes and escapes are kept, as variables are expanded later."""

from __future__ import annotations

import re

# Python's \w takes letters of all scripts, and so would accept what no shell does.
_HEREDOC = re.compile(
    r"[0-9]*<<(-?)(?:([A-Za-z_][A-Za-z0-9_]*)|'([A-Za-z_][A-Za-z0-9_]*)'|\"([A-Za-z_][A-Za-z0-9_]*)\")"
)


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
    if match is None:
        return None
    plain, single, double = match.group(2, 3, 4)
    return plain or single or double, bool(match.group(1)), plain is not None
