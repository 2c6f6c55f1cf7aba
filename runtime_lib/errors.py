"""Every error that a caller may see.

SkiffError
+-- InvalidSpec        the user's mistake, told before anything is touched
+-- NotFound           the named object does not exist
|   +-- ImageNotFound, ContainerNotFound, NetworkNotFound, VolumeNotFound
+-- Conflict           the present state forbids the operation
|   +-- NameTaken, InUse, PortTaken, AddressTaken, WrongState
+-- HostLacks          the host misses something that is needed: what, and how to get it
+-- CorruptData        an archive, blob or file is not what it claims to be
+-- Busy               another process holds the object, and it did not end in time
+-- CommandFailed      a program that the user asked for ended with a non-zero code
+-- RegistryError      a registry cannot be reached, or refuses; RegistryDenied when it wants other credentials

A failure of the kernel stays `OSError` with errno and path. Each text is one sentence that says what, where and
what to do instead; it goes to the user as it is.
"""

from __future__ import annotations

import errno

_ADVICE = {
    errno.EROFS: "mount that file system read-write",
    errno.ENOSPC: "free some space",
    errno.EDQUOT: "raise the quota, or free some space",
}


def sentence(error: OSError) -> str:
    """Return a failure of the kernel for a person: what it said, about which file, and what helps if that is known."""
    text = f"{error.strerror or error}: {error.filename}" if error.filename else str(error.strerror or error)
    advice = _ADVICE.get(error.errno or 0)
    there = " there" if error.filename and error.errno != errno.EROFS else ""
    return f"{text}: {advice}{there}" if advice else text


class SkiffError(Exception):
    """Base of all errors raised on purpose."""


class InvalidSpec(SkiffError):
    """The user asked for something that makes no sense; nothing was touched."""


class NotFound(SkiffError):
    """The named object does not exist."""


class ImageNotFound(NotFound):
    """No image has this name or id."""


class ContainerNotFound(NotFound):
    """No container has this name or id."""


class NetworkNotFound(NotFound):
    """No network has this name or id."""


class VolumeNotFound(NotFound):
    """No volume has this name."""


class Conflict(SkiffError):
    """The present state forbids the operation."""


class NameTaken(Conflict):
    """Another object has this name already."""


class InUse(Conflict):
    """Something still uses the object."""


class PortTaken(Conflict):
    """Another container or process listens on the host's port already."""


class AddressTaken(Conflict):
    """The address or subnet belongs to something else."""


class WrongState(Conflict):
    """The container is not in a state that allows this (not running, paused, ...)."""


class HostLacks(SkiffError):
    """The host misses something that the operation needs."""


class CorruptData(SkiffError):
    """Data from outside or from the store is not what it claims to be."""


class NewerData(SkiffError):
    """The store holds what only a newer version of this library can handle."""


class Busy(SkiffError):
    """Another process holds a lock for longer than the caller may wait."""


class CommandFailed(SkiffError):
    """A program that the user asked for ended with a non-zero exit code."""

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code


class RegistryError(SkiffError):
    """A registry cannot be reached, or does not do what is asked of it."""


class RegistryDenied(RegistryError):
    """A registry wants credentials, or others than it got."""
