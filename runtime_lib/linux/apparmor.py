"""AppArmor, as the kernel shows it (apparmor(7)): which profiles there are, and how a program comes under one."""

from __future__ import annotations

import os

from . import libc

_ENABLED = "/sys/module/apparmor/parameters/enabled"
_SECURITYFS = "/sys/kernel/security/apparmor"
_PROC = 0x9FA0  # PROC_SUPER_MAGIC (statfs(2))


def enabled() -> bool:
    """Whether the host's kernel confines programs by AppArmor."""
    try:
        with open(_ENABLED, "rb", 0) as file:
            return file.read(1) == b"Y"
    except FileNotFoundError:
        return False


def profiles() -> set[str] | None:
    """Return the names of the profiles that are loaded; None where nobody can tell (no securityfs, not root)."""
    try:
        with open(f"{_SECURITYFS}/profiles", encoding="utf-8", errors="replace") as file:
            return names(file.read())
    except (FileNotFoundError, PermissionError):
        return None


def names(listing: str) -> set[str]:
    """Return the names in a listing of `NAME (MODE)` lines; a name may have blanks. Pure."""
    return {line.rpartition(" (")[0] for line in listing.splitlines()}


def confine_next(profile: str) -> None:
    """Have the profile confine the next program that this process executes. /proc must still be the host's."""
    with open(f"{_attributes('/proc/self')}/exec", "wb", 0) as file:
        file.write(b"exec " + profile.encode())


def confine(profile: str) -> None:
    """Have the profile confine this process, and whatever it executes, from now on.

    /proc may be a container's: what is none of the kernel's is refused (CVE-2019-16884), with OSError.
    """
    descriptor = os.open(f"{_attributes('/proc/self')}/current", os.O_WRONLY | os.O_CLOEXEC)
    try:
        if libc.filesystem_type(descriptor) != _PROC:
            raise OSError(22, "not the kernel's /proc", "/proc/self/attr")
        os.write(descriptor, b"changeprofile " + profile.encode())
    finally:
        os.close(descriptor)


def _attributes(process: str) -> str:
    """Return the folder with AppArmor's attributes: one of its own since Linux 5.8, where several modules may label."""
    own = f"{process}/attr/apparmor"
    return own if os.path.isdir(own) else f"{process}/attr"
