"""Resource limits of a process (getrlimit(2))."""

from __future__ import annotations

import resource

from ..errors import InvalidSpec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

# The kernel's numbers (include/uapi/asm-generic/resource.h); `resource` has no name for LOCKS.
NUMBERS = {
    "RLIMIT_CPU": 0, "RLIMIT_FSIZE": 1, "RLIMIT_DATA": 2, "RLIMIT_STACK": 3, "RLIMIT_CORE": 4, "RLIMIT_RSS": 5,
    "RLIMIT_NPROC": 6, "RLIMIT_NOFILE": 7, "RLIMIT_MEMLOCK": 8, "RLIMIT_AS": 9, "RLIMIT_LOCKS": 10,
    "RLIMIT_SIGPENDING": 11, "RLIMIT_MSGQUEUE": 12, "RLIMIT_NICE": 13, "RLIMIT_RTPRIO": 14, "RLIMIT_RTTIME": 15,
}  # fmt: skip
_CAP_SYS_RESOURCE = 24  # include/uapi/linux/capability.h
_UNLIMITED = 1 << 63  # from here on a number means "no limit", as -1 does


def apply(limits: Iterable[dict[str, Any]], pid: int = 0) -> list[str]:
    """Set OCI `process.rlimits` ({"type", "soft", "hard"}) on a process, 0 is the caller.

    A limit that we may not raise (no CAP_SYS_RESOURCE) is set to the present hard limit: the names of such are
    returned. Raises InvalidSpec for an unknown name and OSError for a process that is gone.
    """
    lowered = []
    for limit in limits:
        number = number_of(limit["type"])
        wanted = (_value(limit["soft"]), _value(limit["hard"]))
        try:
            resource.prlimit(pid, number, wanted)
        except (PermissionError, ValueError):  # CPython turns EPERM of a raised hard limit into ValueError
            resource.prlimit(pid, number, capped(wanted, resource.prlimit(pid, number)[1]))
            lowered.append(limit["type"])
    return lowered


def most(name: str) -> int:
    """Return the highest hard limit that `apply` can set on this host, -1 for "any".

    Our own hard limit without CAP_SYS_RESOURCE, and never more open files than fs.nr_open (proc_sys_fs(5)).
    """
    highest = -1 if _may_raise() else resource.getrlimit(number_of(name))[1]
    if name == "RLIMIT_NOFILE":
        with open("/proc/sys/fs/nr_open", encoding="ascii") as file:
            allowed = int(file.read())
        highest = allowed if highest < 0 else min(highest, allowed)
    return highest


def _may_raise() -> bool:
    with open("/proc/self/status", encoding="ascii", errors="replace") as file:
        held = next(int(line.split()[1], 16) for line in file if line.startswith("CapEff:"))
    return bool(held >> _CAP_SYS_RESOURCE & 1)


def number_of(name: str) -> int:
    """Return the kernel's number of a limit such as RLIMIT_NOFILE. Raises InvalidSpec."""
    if name not in NUMBERS:
        raise InvalidSpec(f"{name!r} is no resource limit: use a name of getrlimit(2) such as RLIMIT_NOFILE")
    return NUMBERS[name]


def capped(wanted: tuple[int, int], most: int) -> tuple[int, int]:
    """Return (soft, hard) with both at most `most`; -1 means no limit. Pure."""
    if most == resource.RLIM_INFINITY:
        return wanted
    soft, hard = (most if value == resource.RLIM_INFINITY else min(value, most) for value in wanted)
    return soft, hard


def _value(number: int) -> int:
    return resource.RLIM_INFINITY if number < 0 or number >= _UNLIMITED else number
