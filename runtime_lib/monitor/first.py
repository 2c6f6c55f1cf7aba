"""Where a monitor begins: a fresh interpreter that forks the low-level runtime and becomes the monitor itself.

The runtime has the most to import and the engine waits for it: so it goes on in the interpreter that has just started,
while the monitor, which must stay small, is executed anew beside it.
"""

from __future__ import annotations

import _socket
import posix

from .runtime import SOCKET, become


def main() -> None:
    """Take the engine's socket as descriptor 3, and the monitors' cgroup as the first argument; never returns."""
    ours, theirs = _socket.socketpair(_socket.AF_UNIX, _socket.SOCK_SEQPACKET)
    pid = posix.fork()
    if pid == 0:
        try:
            ours.close()
            posix.dup2(theirs.fileno(), SOCKET, False)
            theirs.close()
            from . import boot

            boot.main()
        finally:
            posix._exit(127)
    theirs.close()
    posix.set_inheritable(ours.fileno(), True)
    become("main", SOCKET, str(pid), str(ours.fileno()))
