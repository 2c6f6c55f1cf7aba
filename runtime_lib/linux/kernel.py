"""The version of the running kernel."""

from __future__ import annotations

import os

from ..errors import HostLacks

OLDEST = (5, 4)


def require(oldest: tuple[int, int] = OLDEST, what: str = "containers") -> None:
    """Raise HostLacks when the kernel is older than `what` needs."""
    name = os.uname().release
    if _version(name) < oldest:
        wanted = ".".join(map(str, oldest))
        verb = "need" if what == "containers" else "needs"
        raise HostLacks(f"{what} {verb} Linux {wanted} or newer, and this host runs {name}: update its kernel")


def _version(name: str) -> tuple[int, int]:
    """Return (5, 10) for "5.10.0-28-cloud-amd64"."""
    major, _dot, rest = name.partition(".")
    minor = rest[: len(rest) - len(rest.lstrip("0123456789"))]
    return int(major), int(minor or 0)
