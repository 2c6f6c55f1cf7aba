"""`HEALTHCHECK` of a Dockerfile and of `docker import --change`. Pure."""

from __future__ import annotations

import re

from ..errors import InvalidSpec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

_DURATION = re.compile(r"(?:([0-9]+(?:\.[0-9]+)?)(ns|us|µs|ms|s|m|h))")
_UNITS = {"ns": 1, "us": 10**3, "µs": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
_TIMES = {
    "interval": "Interval",
    "timeout": "Timeout",
    "start-period": "StartPeriod",
    "start-interval": "StartInterval",
}
FLAGS = frozenset((*_TIMES, "retries"))


def duration(text: str) -> int:
    """Return the nanoseconds of `1h2m3.5s`. Raises InvalidSpec."""
    parts = _DURATION.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise InvalidSpec(f"{text[:40]!r} is no duration; write for example 30s or 1m30s")
    return sum(round(float(number) * _UNITS[unit]) for number, unit in parts)


def parse(flags: Mapping[str, str], text: str, listed: Sequence[str] | None) -> dict[str, Any]:
    """Return the Healthcheck of `NONE` or of `CMD ...`; `listed` are the words where it has the exec form.

    Raises InvalidSpec.
    """
    if text.strip().upper() == "NONE":
        if flags:
            raise InvalidSpec("HEALTHCHECK NONE takes no flags")
        return {"Test": ["NONE"]}
    result: dict[str, Any] = {"Test": ["CMD", *listed] if listed is not None else ["CMD-SHELL", text]}
    for flag, key in _TIMES.items():
        if flag in flags:
            result[key] = duration(flags[flag])
            if 0 < result[key] < 10**6:
                raise InvalidSpec(f"--{flag}={flags[flag]} is below 1ms")
    if "retries" in flags:
        if not flags["retries"].isdecimal() or len(flags["retries"]) > 9:
            raise InvalidSpec(f"--retries={flags['retries'][:40]} is no number")
        result["Retries"] = int(flags["retries"])
    return result
