"""Network namespaces as open descriptors, without a mount that somebody would have to clean up."""

from __future__ import annotations

import os
from contextlib import contextmanager

from . import libc

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from .process import Process

_OWN = "/proc/thread-self/ns/net"  # namespaces belong to threads, and Ansible's modules may have several


@contextmanager
def fresh() -> Iterator[int]:
    """Put the calling thread into a new network namespace for a block; give its descriptor, which stays open."""
    with _returning():
        libc.unshare(libc.CLONE_NEWNET)
        descriptor = os.open(_OWN, os.O_RDONLY | os.O_CLOEXEC)
        try:
            yield descriptor
        except BaseException:
            os.close(descriptor)
            raise


@contextmanager
def owned(userns: int) -> Iterator[int]:
    """Put the calling thread into a new network namespace that belongs to the user namespace `userns`, as `fresh`."""
    from .userns import born_in

    descriptor = born_in(userns, libc.CLONE_NEWNET, "net")
    try:
        with entered(descriptor):
            yield descriptor
    except BaseException:
        os.close(descriptor)
        raise


@contextmanager
def of(process: Process) -> Iterator[int]:
    """Give a descriptor of a process's network namespace for a block. Raises ProcessLookupError when it is gone."""
    try:
        descriptor = os.open(f"/proc/{process.pid}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        raise ProcessLookupError(3, "No such process", f"/proc/{process.pid}") from None
    try:
        if not process.alive():  # then the pid may have been somebody else's already
            raise ProcessLookupError(3, "No such process", f"/proc/{process.pid}")
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def entered(descriptor: int) -> Iterator[None]:
    """Put the calling thread into the network namespace of `descriptor` for a block."""
    with _returning():
        libc.setns(descriptor, libc.CLONE_NEWNET)
        yield


@contextmanager
def _returning() -> Iterator[None]:
    own = os.open(_OWN, os.O_RDONLY | os.O_CLOEXEC)
    try:
        yield
    finally:
        try:
            libc.setns(own, libc.CLONE_NEWNET)
        except OSError:
            # Whatever came next would happen to the wrong network, and no caller could put that right.
            os.write(2, b"cannot return to the own network namespace\n")
            os._exit(125)
        os.close(own)
