"""Moments and lengths of time as users write them. Pure but for the present time."""

from __future__ import annotations

import time

from .errors import InvalidSpec

_TIMES = {"h": 3600, "m": 60, "s": 1, "ms": 1e-3, "us": 1e-6}


def seconds(text: str) -> float:
    """Return the seconds of `1m30s`, `500ms` or `0`. Raises InvalidSpec."""
    rest, total = text, 0.0
    while rest and rest != "0":
        digits = len(rest) - len(rest.lstrip("0123456789."))
        letters = len(rest[digits:]) - len(rest[digits:].lstrip("umsh"))
        unit = rest[digits : digits + letters]
        if not digits or unit not in _TIMES or not rest[:digits].replace(".", "", 1).isdigit():
            raise InvalidSpec(f"{text!r} is not a length of time such as 30s or 1m30s")
        total += float(rest[:digits]) * _TIMES[unit]
        rest = rest[digits + letters :]
    return total


def moment(text: str, what: str) -> int:
    """Return nanoseconds since 1970 of a Unix time, an RFC 3339 time or date, or a length of time before now.

    A time without a zone is the host's, as with Docker. Raises InvalidSpec that names `what`.
    """
    for read in (_unix, _rfc3339, lambda text: time.time_ns() - int(seconds(text) * 1e9)):
        try:
            return read(text)
        except (InvalidSpec, ValueError, OverflowError):
            continue
    raise InvalidSpec(f"{what}: {text!r} is not a time such as 2026-01-02T13:23:37Z, 1736600000 or 10m")


def _unix(text: str) -> int:
    whole, _dot, part = text.partition(".")
    if not (whole + part).isdigit() or not text.isascii():
        raise ValueError(text)
    return int(whole) * 1_000_000_000 + int(part[:9].ljust(9, "0"))


def _rfc3339(text: str) -> int:
    """All digits of a second count: the log has nanoseconds."""
    from datetime import datetime

    head, digits, zone = _cut(text)
    parsed = datetime.fromisoformat(f"{head}{'+00:00' if zone == 'Z' else zone}")
    return int(parsed.timestamp()) * 1_000_000_000 + int(digits[:9].ljust(9, "0"))


def _cut(text: str) -> tuple[str, str, str]:
    """Return the part up to the whole second, the digits after it, and the zone."""
    if text.endswith("Z"):
        head, zone = text[:-1], "Z"
    else:
        at = max(text.rfind("+"), text.rfind("-", 10))
        head, zone = (text[:at], text[at:]) if at > 0 else (text, "")
    head, dot, digits = head.partition(".")
    if dot and not (digits.isdigit() and digits.isascii()):
        raise ValueError(text)
    return head, digits, zone
