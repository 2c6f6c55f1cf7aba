"""Leases: who uses a copy of the library holds a shared lock on a file in it (flock(2)), so that nobody removes it.

The kernel gives the lock back when the process ends, however it ends. The file's time of change says when somebody has
last begun to use it, to the hour. Built-in modules only, for every monitor holds a lease.
"""

from __future__ import annotations

import fcntl
import posix
import time

_HOUR = 3600.0  # seconds
_held: dict[str, int] = {}


def hold(path: str) -> bool:
    """Hold a lease on `path` until this process ends; False when it is not there, or was taken away meanwhile."""
    if path in _held:
        if _is(_held[path], path):
            return True
        posix.close(_held.pop(path))
    try:
        descriptor = posix.open(path, posix.O_RDONLY | posix.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return False
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    if not _is(descriptor, path):
        posix.close(descriptor)
        return False
    _held[path] = descriptor
    if abs(age(path)) > _HOUR:
        touch(path)
    return True


def pass_on() -> None:
    """Let the leases of this process go over to the program that it is about to execute."""
    for descriptor in _held.values():
        posix.set_inheritable(descriptor, True)


def revoke(path: str) -> bool:
    """Delete the file if nobody holds a lease on it, so that nobody can get one any more; return whether it is gone."""
    try:
        descriptor = posix.open(path, posix.O_RDONLY | posix.O_CLOEXEC)
    except FileNotFoundError:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        posix.unlink(path)
    except BlockingIOError:
        return False
    finally:
        posix.close(descriptor)
    return True


def age(path: str) -> float:
    """Return the seconds since somebody began to use it; negative when the clock has been set back since then."""
    return time.time() - posix.stat(path).st_mtime


def touch(path: str) -> None:
    """Note that somebody begins to use it."""
    try:
        posix.utime(path)
    except OSError:
        return  # a read-only file system, or a user who is not root: it only gets old sooner


def _is(descriptor: int, path: str) -> bool:
    try:
        there = posix.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    ours = posix.fstat(descriptor)
    return (ours.st_dev, ours.st_ino) == (there.st_dev, there.st_ino)
