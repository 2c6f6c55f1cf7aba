"""The five capability sets of a process (capabilities(7))."""

from __future__ import annotations

import ctypes
import errno

from ..errors import InvalidSpec
from . import libc

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

# In the order of their bits (include/uapi/linux/capability.h).
NAMES = (
    "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_SETGID",
    "CAP_SETUID", "CAP_SETPCAP", "CAP_LINUX_IMMUTABLE", "CAP_NET_BIND_SERVICE", "CAP_NET_BROADCAST", "CAP_NET_ADMIN",
    "CAP_NET_RAW", "CAP_IPC_LOCK", "CAP_IPC_OWNER", "CAP_SYS_MODULE", "CAP_SYS_RAWIO", "CAP_SYS_CHROOT",
    "CAP_SYS_PTRACE", "CAP_SYS_PACCT", "CAP_SYS_ADMIN", "CAP_SYS_BOOT", "CAP_SYS_NICE", "CAP_SYS_RESOURCE",
    "CAP_SYS_TIME", "CAP_SYS_TTY_CONFIG", "CAP_MKNOD", "CAP_LEASE", "CAP_AUDIT_WRITE", "CAP_AUDIT_CONTROL",
    "CAP_SETFCAP", "CAP_MAC_OVERRIDE", "CAP_MAC_ADMIN", "CAP_SYSLOG", "CAP_WAKE_ALARM", "CAP_BLOCK_SUSPEND",
    "CAP_AUDIT_READ", "CAP_PERFMON", "CAP_BPF", "CAP_CHECKPOINT_RESTORE",
)  # fmt: skip
_BITS = {name: bit for bit, name in enumerate(NAMES)}
_VERSION_3 = 0x20080522
_MOST = 64  # the kernel's sets have 64 bits


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


def mask(names: Iterable[str]) -> int:
    """Return the bits of capabilities such as CAP_CHOWN. Raises InvalidSpec for an unknown one."""
    bits = 0
    for name in names:
        if name not in _BITS:
            raise InvalidSpec(f"{name!r} is no capability: use a name of capabilities(7) such as CAP_NET_ADMIN")
        bits |= 1 << _BITS[name]
    return bits


def names(bits: int) -> list[str]:
    """Return the names of the bits that are set, in the kernel's order; bits without a name are left out."""
    return [name for name, bit in _BITS.items() if bits >> bit & 1]


def own_bounding() -> int:
    """Return the bounding set of the calling thread: nothing outside it can be had or given away."""
    return sum(1 << bit for bit in range(_MOST) if _in_bounding(bit))


def drop_bounding(keep: Iterable[str]) -> None:
    """Remove all others from the bounding set; needs CAP_SETPCAP, so it comes before `set_sets`. Raises OSError."""
    kept = mask(keep)
    for bit in range(_MOST):
        if not kept >> bit & 1 and _in_bounding(bit):
            libc.prctl(libc.PR_CAPBSET_DROP, bit)


def set_sets(effective: Iterable[str], permitted: Iterable[str], inheritable: Iterable[str]) -> None:
    """capset(2) of the calling thread; ambient capabilities that are no longer permitted go as well. Raises OSError."""
    values = [mask(effective), mask(permitted), mask(inheritable)]
    words = [value & 0xFFFFFFFF for value in values] + [value >> 32 for value in values]
    header = _Header(_VERSION_3, 0)
    libc.syscall("capset", ctypes.byref(header), ctypes.byref((ctypes.c_uint32 * 6)(*words)))


def raise_ambient(wanted: Iterable[str]) -> None:
    """Make the ambient set exactly `wanted`; each must be permitted and inheritable. Raises OSError (EPERM)."""
    libc.prctl(libc.PR_CAP_AMBIENT, libc.PR_CAP_AMBIENT_CLEAR_ALL)
    for name in wanted:
        libc.prctl(libc.PR_CAP_AMBIENT, libc.PR_CAP_AMBIENT_RAISE, _BITS[name])


def apply(
    bounding: Iterable[str],
    effective: Iterable[str],
    permitted: Iterable[str],
    inheritable: Iterable[str],
    ambient: Iterable[str],
) -> None:
    """Give the calling thread exactly these sets. Raises OSError.

    Whoever changes its user in between calls `drop_bounding` while it is root, sets PR_SET_KEEPCAPS, changes the
    user (which empties the effective set), and calls `set_sets` and `raise_ambient` then.
    """
    drop_bounding(bounding)
    set_sets(effective, permitted, inheritable)
    raise_ambient(ambient)


def _in_bounding(bit: int) -> bool:
    try:
        return libc.prctl(libc.PR_CAPBSET_READ, bit) == 1
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        return False  # this kernel has fewer capabilities
