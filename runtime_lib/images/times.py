"""RFC 3339 times, as Docker and OCI documents have them."""

from __future__ import annotations

import calendar
import time


def nanoseconds(text: object) -> int:
    """Return an RFC 3339 time as nanoseconds since 1970; 0 for what is none."""
    if not isinstance(text, str) or len(text) < 20 or len(text) > 40:
        return 0
    try:
        seconds = calendar.timegm(time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S"))
        rest = text[19:]
        fraction = ""
        if rest[0] == ".":
            fraction = rest[1:].rstrip("Z").split("+")[0].split("-")[0]
            rest = rest[1 + len(fraction) :]
        if rest != "Z":
            offset = int(rest[1:3]) * 3600 + int(rest[4:6]) * 60
            seconds -= offset if rest[0] == "+" else -offset
        return seconds * 1_000_000_000 + int(fraction[:9].ljust(9, "0"))
    except (ValueError, IndexError):
        return 0


def rfc3339(value: int) -> str:
    """Return nanoseconds since 1970 as Go prints them: UTC, no zeros at the end of the fraction."""
    seconds, fraction = divmod(value, 1_000_000_000)
    text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    digits = f"{fraction:09d}".rstrip("0")
    return f"{text}.{digits}Z" if digits else f"{text}Z"
