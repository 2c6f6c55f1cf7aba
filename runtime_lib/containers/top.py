"""The processes of a container, as the host sees them. Nothing is executed inside (CVE-2022-1227)."""

from __future__ import annotations

import os
import time

from ..errors import HostLacks, InvalidSpec, WrongState
from ..store import Store
from . import release
from .catalog import find, state

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_PATIENCE = 30  # seconds for the host's ps
TITLES = ("UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD")


def top(store: Store, ref: str, options: Sequence[str] = ()) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
    """Return (titles, rows) in the form of `docker top`: that of `ps -ef`, or of the host's ps with these options.

    Raises WrongState, and HostLacks or InvalidSpec for options that it cannot have.
    """
    container = find(store, ref)
    if not state(store, container).running():
        raise WrongState(f"container {container.name} does not run, so it has no processes")
    pids = release.cgroup(store, container.id).pids()
    if options:
        return chosen(_listed(options), pids)
    rows = []
    for pid in pids:
        try:
            rows.append(_row(pid))
        except (FileNotFoundError, ProcessLookupError):
            continue  # ended meanwhile
    return TITLES, rows


def chosen(listing: str, pids: Iterable[int]) -> tuple[list[str], list[list[str]]]:
    """Pick the lines of these processes from what ps prints. Pure. Raises InvalidSpec without a column PID."""
    titles, *lines = listing.splitlines() or [""]
    names = titles.split()
    if "PID" not in names:
        raise InvalidSpec("top: these options leave out ps's column PID, by which processes are found; add pid to them")
    at, wanted = names.index("PID"), {str(pid) for pid in pids}
    rows = [line.split(None, len(names) - 1) for line in lines]
    rows = [row for row in rows if len(row) > at and row[at] in wanted]
    return names, [[_printable(word.rstrip()) for word in row] for row in rows]


def _listed(options: Sequence[str]) -> str:
    import subprocess

    try:
        done = subprocess.run(
            ["ps", *options], stdin=subprocess.DEVNULL, capture_output=True, timeout=_PATIENCE, check=False
        )
    except FileNotFoundError:
        raise HostLacks("top with options needs ps on this host: install it (package procps), or give none") from None
    except subprocess.TimeoutExpired:
        raise HostLacks(f"top: ps did not end within {_PATIENCE} seconds") from None
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines() or ["it says nothing"]
        raise InvalidSpec(f"top: ps does not take {' '.join(options)!r}: {_printable(said[0])}")
    return done.stdout.decode(errors="replace")


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
