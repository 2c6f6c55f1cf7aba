"""Make this process safe to enter a container: nothing of the container is imported, decoded or executed by it."""

from __future__ import annotations

import errno
import fcntl
import os
import resource
import sys

from ..linux import libc
from . import channel

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

SOCKET = 3  # the descriptor that connects a helper with who started it


class _Refuse:
    """A finder that refuses: whatever is not loaded yet would come from the container (CVE-2019-14271)."""

    @staticmethod
    def find_spec(name: str, path: object = None, target: object = None) -> NoReturn:
        raise ImportError(f"{name} was not imported before the container was entered")


def request() -> tuple[bytes, list[int]]:
    """Return the request that this helper was started for, and its descriptors; end it when there will be none."""
    libc.prctl(libc.PR_SET_DUMPABLE, 0)
    os.set_inheritable(SOCKET, False)
    message, descriptors = channel.receive(SOCKET)
    if not message:
        os._exit(0)  # the engine changed its mind
    return message, descriptors


def seal() -> None:
    """Forbid every import from now on, and hide this process's memory from the container (CVE-2016-9962)."""
    sys.path[:] = []
    sys.path_hooks[:] = []
    sys.path_importer_cache.clear()
    sys.meta_path[:] = [_Refuse]
    libc.prctl(libc.PR_SET_DUMPABLE, 0)


def only(*keep: int, inherited: int = 3) -> list[int]:
    """Close all descriptors but those of `keep`, which become 0, 1, 2, ...; return their new numbers.

    The first ones are `inherited` by the next program, the others are not.
    """
    moved = [fcntl.fcntl(number, fcntl.F_DUPFD_CLOEXEC, len(keep)) for number in keep]
    for target, number in enumerate(moved):
        os.dup2(number, target, inheritable=target < inherited)
    _close_from(len(moved))
    return list(range(len(keep)))


def _close_from(first: int) -> None:
    try:
        libc.syscall("close_range", first, 0xFFFFFFFF, 0)
    except OSError as error:
        if error.errno != errno.ENOSYS:
            raise
        # Linux < 5.9. The list in /proc is no help: it may be the container's by now.
        os.closerange(first, resource.getrlimit(resource.RLIMIT_NOFILE)[1])
