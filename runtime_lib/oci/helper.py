"""Starting the helper of an exec, before anything else is imported: its start-up runs beside all that follows."""

from __future__ import annotations

import _signal  # not signal: enum costs a start some milliseconds
import os

from ..linux import interpreter
from . import channel


class Helper:
    """A fresh process that waits for the request of `exec`. `socket` leads to it."""

    __slots__ = ("pid", "socket")

    def __init__(self, pid: int, socket: int) -> None:
        self.pid = pid
        self.socket = socket

    def cancel(self) -> None:
        """End it; nothing was run."""
        os.close(self.socket)
        os.kill(self.pid, _signal.SIGKILL)  # our own child, not yet waited for
        os.waitpid(self.pid, 0)


def spawn(library: str) -> Helper:
    """Start a helper from the installed library in `library`; returns while it still loads. Raises OSError."""
    ours, theirs = channel.pair()
    try:
        pid = interpreter.spawn("runtime_lib.oci.enter", library, keep=(-1, -1, -1, theirs))
    except OSError:
        os.close(ours)
        raise
    finally:
        os.close(theirs)
    return Helper(pid, ours)
