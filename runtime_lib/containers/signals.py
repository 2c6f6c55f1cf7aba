"""Signals by name or number, as Docker takes them."""

from __future__ import annotations

import _signal

from ..errors import InvalidSpec


def number(text: str | int) -> int:
    """Return the number of `TERM`, `SIGTERM`, `sigterm`, `15` or `RTMIN+3`; raise InvalidSpec for anything else."""
    word = str(text).strip().upper()
    if word.isascii() and word.isdigit() and 1 <= int(word) <= 64:
        return int(word)
    word = word[3:] if word.startswith("SIG") else word
    base, sign, offset = _split(word)
    value = 0 if base.startswith("_") else getattr(_signal, f"SIG{base}", 0)
    if not value or (sign and not base.startswith("RT")):
        raise InvalidSpec(f"{text!r} is not a signal; use a name such as SIGTERM or a number up to 64")
    result: int = value + (offset if sign != "-" else -offset)
    if not 1 <= result <= 64:
        raise InvalidSpec(f"{text!r} is not a signal; use a name such as SIGTERM or a number up to 64")
    return result


def _split(word: str) -> tuple[str, str, int]:
    for sign in "+-":
        base, found, offset = word.partition(sign)
        if found and offset.isascii() and offset.isdigit():
            return base, sign, int(offset)
    return word, "", 0
