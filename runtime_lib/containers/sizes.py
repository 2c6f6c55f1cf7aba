"""Sizes and numbers as users write them."""

from __future__ import annotations

from ..errors import InvalidSpec

_UNITS = "bkmgtp"


def size(text: str | int, what: str) -> int:
    """Return bytes: `512`, `64m`, `1.5g`, `64MiB`, `-1` (go-units' RAMInBytes: units are powers of 1024).

    `what` names the setting in the InvalidSpec of a text that is no size.
    """
    if isinstance(text, int):
        return text
    word = text.strip().lower()
    if word == "-1" or word in ("unlimited",):
        return -1
    number = word.rstrip("bi") if word[-1:] == "b" else word
    exponent = _UNITS.find(number[-1:]) if number[-1:] else 0
    digits = number[:-1] if exponent > 0 else number
    if not digits or not digits.isascii() or not digits.replace(".", "", 1).isdigit():
        raise InvalidSpec(f"{what}: {text!r} is not a size such as 512, 64m or 1.5g")
    return int(float(digits) * 1024 ** max(exponent, 0)) if "." in digits else int(digits) * 1024 ** max(exponent, 0)
