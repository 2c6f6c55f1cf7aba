"""Somebody at a real terminal: types, reads, and changes the window's size."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import termios
from collections.abc import Callable, Sequence
from functools import partial

PATIENCE = 120.0  # seconds that an answer may take on a busy machine


class Typist:
    """A program with a terminal of its own; to be closed."""

    def __init__(self, command: Sequence[str], rows: int = 24, columns: int = 80) -> None:
        self._pid, self._terminal = pty.fork()
        if self._pid == 0:
            _resize(0, rows, columns)
            os.execv(command[0], list(command))

    def __enter__(self) -> Typist:
        return self

    def __exit__(self, *_unused: object) -> None:
        os.close(self._terminal)
        if self._pid:
            os.kill(self._pid, signal.SIGKILL)  # our own child, not yet waited for
            os.waitpid(self._pid, 0)

    def type(self, text: str) -> None:
        """Press keys; "\\x03" is Ctrl-C."""
        os.write(self._terminal, text.encode())

    def resize(self, rows: int, columns: int) -> None:
        """Change the size of the window. It is told of (SIGWINCH) even if it is the same as before."""
        _resize(self._terminal, rows, columns + 1)
        _resize(self._terminal, rows, columns)

    def until(self, mark: str, meanwhile: Callable[[], None] | None = None) -> str:
        """Return what comes, until it has `mark`; while nothing comes `meanwhile` is called each second."""
        seen = b""
        waits = 0
        while mark.encode() not in seen:
            if meanwhile and not select.select([self._terminal], [], [], 1.0)[0] and waits < PATIENCE:
                waits += 1
                meanwhile()
                continue
            part = self._read()
            assert part, f"no {mark!r} in {seen!r}"
            seen += part
        return seen.decode(errors="replace")

    def end(self) -> int:
        """Return the exit code, once the program has ended."""
        while self._read():
            continue
        pid, self._pid = self._pid, 0
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

    def _read(self) -> bytes:
        assert select.select([self._terminal], [], [], PATIENCE)[0], f"nothing came for {PATIENCE:.0f} seconds"
        try:
            return os.read(self._terminal, 4096)
        except OSError:  # EIO: the other side has gone
            return b""


def _resize(descriptor: int, rows: int, columns: int) -> None:
    fcntl.ioctl(descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def shell_session(command: Sequence[str]) -> None:
    """Hold a conversation with an interactive `sh` that `command` runs in a container, and have it exit with 9.

    It has a terminal, of the right size, also after the window has changed; Ctrl-C interrupts what it runs.
    """
    with Typist(command, 33, 99) as typist:
        typist.until("# ")
        for rows, columns in ((33, 99), (20, 70)):
            typist.resize(rows, columns)
            typist.type(f"until stty size | grep -q '{rows} {columns}'; do sleep 0.05; done; tty; echo si''zed\n")
            # Docker's command tries to tell the size five times at the start, once after a change, and gives up.
            assert "/dev/pts/" in typist.until("sized", partial(typist.resize, rows, columns))
        typist.type("echo sle''eps; sleep 1000\n")
        typist.until("sleeps")
        typist.type("\x03")
        # The first one may come when the shell has not given the terminal away yet.
        typist.until("# ", partial(typist.type, "\x03"))
        typist.type("exit 9\n")
        assert typist.end() == 9
