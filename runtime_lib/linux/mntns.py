"""A mount namespace for a few lines of code: mounts that nobody else sees, and that are gone afterwards."""

from __future__ import annotations

import os
from contextlib import contextmanager

from . import libc, mounts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from .process import Process


@contextmanager
def private() -> Iterator[None]:
    """Put the calling thread into a copy of its mount namespace for a block. Its working directory stays its own."""
    own, root, here = (os.open(path, os.O_RDONLY | os.O_CLOEXEC) for path in ("/proc/thread-self/ns/mnt", "/", "."))
    try:
        libc.unshare(libc.CLONE_NEWNS)
        try:
            libc.mount(None, "/", None, libc.MS_PRIVATE | libc.MS_REC)
            yield
        finally:
            _return(own, root, here)
    finally:
        for descriptor in (own, root, here):
            os.close(descriptor)


def root_of(process: Process) -> int:
    """Return a detached mount of a process's root, without what is mounted in it. Call it in `private`.

    Raises ProcessLookupError when the process is gone.
    """
    gone = ProcessLookupError(3, "No such process", f"/proc/{process.pid}")
    own, root, here = (os.open(path, os.O_RDONLY | os.O_CLOEXEC) for path in ("/proc/thread-self/ns/mnt", "/", "."))
    try:
        theirs = os.open(f"/proc/{process.pid}/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)
        try:
            if not process.alive():  # then the pid may have been somebody else's already
                raise gone
            libc.setns(theirs, libc.CLONE_NEWNS)
            try:
                return mounts.clone(libc.AT_FDCWD, "/")
            finally:
                _return(own, root, here)
        finally:
            os.close(theirs)
    except FileNotFoundError:
        raise gone from None
    finally:
        for descriptor in (own, root, here):
            os.close(descriptor)


def _return(own: int, root: int, here: int) -> None:
    """Go back to a namespace, and there to a root and a working directory: setns(2) changes both."""
    try:
        libc.unshare(libc.CLONE_FS)  # setns(2) refuses where a thread that was started meanwhile shares root and folder
        libc.setns(own, libc.CLONE_NEWNS)
        os.fchdir(root)
        os.chroot(".")
        os.fchdir(here)
    except OSError:
        # Whatever came next would happen to the wrong files, and no caller could put that right.
        os.write(2, b"cannot return to the own mount namespace\n")
        os._exit(125)
