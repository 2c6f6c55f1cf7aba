"""Messages of the syslog protocols, as Docker's driver has them (moby, daemon/logger/syslog; the library srslog)."""

from __future__ import annotations

import posix
import time

_ERROR, _INFORMATION = 3, 6  # severities of standard error and standard output


class Syslog:
    """`facility` is a number, `form` one of "", rfc3164, rfc5424, rfc5424micro."""

    __slots__ = ("_facility", "_form", "_tag")

    def __init__(self, facility: int, form: str, tag: str) -> None:
        self._facility = facility
        self._form = form
        self._tag = tag

    def encode(self, stream: str, piece: bytes) -> bytes:
        """Return the message of a line, or of a piece of one."""
        now = time.time_ns()
        priority = self._facility * 8 + (_ERROR if stream == "stderr" else _INFORMATION)
        head = self._head(priority, now).encode("utf-8", "surrogateescape")
        return head + piece.rstrip(b"\n") + b"\n"

    def _head(self, priority: int, now: int) -> str:
        tag, pid = self._tag, posix.getpid()
        if self._form in ("rfc5424", "rfc5424micro"):
            stamp = rfc3339(now, micro=self._form == "rfc5424micro")
            return f"<{priority}>1 {stamp} {_hostname()} {tag} {pid} {tag} - "
        stamp = time.strftime("%b %e %H:%M:%S", time.localtime(now // 1_000_000_000))
        host = f"{_hostname()} " if self._form == "rfc3164" else ""
        return f"<{priority}>{stamp} {host}{tag}[{pid}]: "


def rfc3339(time_ns: int, micro: bool) -> str:
    """Return a time with the local offset from UTC, in seconds or microseconds."""
    local = time.localtime(time_ns // 1_000_000_000)
    minutes = local.tm_gmtoff // 60
    offset = f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}" if minutes else "Z"
    fraction = f".{time_ns // 1000 % 1_000_000:06}" if micro else ""
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', local)}{fraction}{offset}"


def _hostname() -> str:
    return posix.uname().nodename
