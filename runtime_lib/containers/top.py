"""The processes of a container, as the host sees them. Nothing is executed inside (CVE-2022-1227)."""

from __future__ import annotations

import os
import time

from ..errors import WrongState
from ..store import Store
from . import release
from .catalog import find, state

TITLES = ("UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD")


def top(store: Store, ref: str) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Return (titles, rows) in the form of `docker top`, which is that of `ps -ef`. Raises WrongState."""
    container = find(store, ref)
    if not state(store, container).running():
        raise WrongState(f"container {container.name} does not run, so it has no processes")
    rows = []
    for pid in release.cgroup(store, container.id).pids():
        try:
            rows.append(_row(pid))
        except (FileNotFoundError, ProcessLookupError):
            continue  # ended meanwhile
    return TITLES, rows


def _row(pid: int) -> tuple[str, ...]:
    name, fields = _stat(pid)
    ticks = os.sysconf("SC_CLK_TCK")
    used = (int(fields[11]) + int(fields[12])) / ticks
    started = _boot() + int(fields[19]) / ticks
    age = max(time.time() - started, 1.0)
    words = _read(f"/proc/{pid}/cmdline").replace(b"\0", b" ").decode(errors="replace").strip()
    return (
        _user(os.stat(f"/proc/{pid}").st_uid),
        str(pid),
        fields[1],
        str(int(used * 100 / age)),
        time.strftime("%H:%M" if age < 86400 else "%b%d", time.localtime(started)),
        _terminal(int(fields[4])),
        time.strftime("%H:%M:%S", time.gmtime(used)),
        _printable(words) or f"[{_printable(name)}]",
    )


def _stat(pid: int) -> tuple[str, list[str]]:
    text = _read(f"/proc/{pid}/stat").decode(errors="replace")
    head, _unused, tail = text.rpartition(") ")
    return head.partition("(")[2], tail.split()


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read(65536)


def _boot() -> float:
    """Return when this host was booted, in seconds since 1970."""
    return time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)


def _terminal(number: int) -> str:
    major, minor = number >> 8 & 0xFFF, number & 0xFF | number >> 12 & 0xFFF00
    if number == 0:
        return "?"
    return f"pts/{minor}" if 136 <= major <= 143 else f"{major}:{minor}"


def _user(uid: int) -> str:
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _printable(text: str) -> str:
    """Return the text without what could steer a terminal: a stranger chose it."""
    return "".join(sign if sign.isprintable() else "?" for sign in text)
