"""Standard input and output of a container, as the monitor holds them: pipes, or the master of a terminal."""

from __future__ import annotations

import _socket
import fcntl
import posix
import sys

from . import rights

CHUNK = 4 * 1024  # what its records take for a moment stays with the process: 300 bytes for each empty line
_TIOCSWINSZ = 0x5414


class Streams:
    """Our ends (`stdin`, `stdout`, `stderr`; -1 where there is none) and those that the container gets (`theirs`)."""

    __slots__ = ("console", "stderr", "stdin", "stdout", "theirs", "_terminal")

    def __init__(self, terminal: bool, stdin: bool) -> None:
        """Make pipes, or with `terminal` the socket on which the runtime sends the terminal's master."""
        self.stdin = self.stdout = self.stderr = -1
        self.console: _socket.socket | None = None
        self._terminal = terminal
        if terminal:
            self.console, theirs = _socket.socketpair(_socket.AF_UNIX, _socket.SOCK_STREAM)
            self.theirs = [theirs.detach()]
            return
        null = posix.open("/dev/null", posix.O_RDONLY | posix.O_CLOEXEC)
        self.theirs = [null]
        if stdin:
            posix.close(null)
            self.theirs[0], self.stdin = posix.pipe2(posix.O_CLOEXEC)
            posix.set_blocking(self.stdin, False)
        self.stdout, theirs_out = posix.pipe2(posix.O_CLOEXEC)
        self.stderr, theirs_err = posix.pipe2(posix.O_CLOEXEC)
        self.theirs += [theirs_out, theirs_err]
        posix.set_blocking(self.stdout, False)
        posix.set_blocking(self.stderr, False)

    def handed_over(self) -> None:
        """Close the container's ends, which the runtime has by now."""
        for descriptor in self.theirs:
            posix.close(descriptor)
        self.theirs = []

    def take_terminal(self) -> None:
        """Receive the terminal's master, once the runtime says that the container has started."""
        if self.console is None:
            return
        _data, ancillary, _flags, _address = self.console.recvmsg(4096, rights.DESCRIPTORS)
        self.console.close()
        self.console = None
        for master in rights.received(ancillary):
            self.stdout = master
            self.stdin = fcntl.fcntl(master, fcntl.F_DUPFD_CLOEXEC, 3)
            posix.set_blocking(master, False)

    def resize(self, rows: int, columns: int) -> None:
        """Tell the terminal its size; nothing where there is none."""
        if self._terminal and self.stdout >= 0:
            size = rows.to_bytes(2, sys.byteorder) + columns.to_bytes(2, sys.byteorder) + bytes(4)
            fcntl.ioctl(self.stdout, _TIOCSWINSZ, size)

    def name(self, descriptor: int) -> str:
        """Return "stdout" or "stderr"."""
        return "stderr" if descriptor == self.stderr else "stdout"

    def read(self, descriptor: int) -> bytes | None:
        """Return what is there: b"" for nothing yet, None after the end."""
        try:
            return posix.read(descriptor, CHUNK) or None
        except BlockingIOError:
            return b""
        except OSError:  # EIO: nobody has the terminal open any more
            return None

    def close_stdin(self) -> None:
        """End the container's standard input; a terminal has no such end."""
        if self.stdin >= 0 and not self._terminal:
            posix.close(self.stdin)
            self.stdin = -1

    def closed(self, descriptor: int) -> None:
        """Close one of the outputs, after its end."""
        posix.close(descriptor)
        if descriptor == self.stderr:
            self.stderr = -1
        else:
            self.stdout = -1

    def close(self) -> None:
        """Close everything."""
        self.handed_over()
        if self.console is not None:
            self.console.close()
            self.console = None
        for descriptor in (self.stdin, self.stdout, self.stderr):
            if descriptor >= 0:
                posix.close(descriptor)
        self.stdin = self.stdout = self.stderr = -1
