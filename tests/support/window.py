"""Somebody at a terminal: starts a command there, types, reads what appears, changes the window's size."""

from __future__ import annotations

import fcntl
import os
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

PATIENCE = 60.0  # seconds


class Window:
    """A command with a terminal of its own. Use it as a context manager; the command is killed at the end."""

    def __init__(self, command: Sequence[str], env: dict[str, str], rows: int = 24, columns: int = 80) -> None:
        self.master, self.slave = os.openpty()  # ours of the slave: what the command leaves there can be looked at
        os.set_blocking(self.master, False)
        self._set_size(rows, columns)
        self.before = termios.tcgetattr(self.slave)
        self.seen = b""
        self.process = subprocess.Popen(
            command,
            stdin=self.slave,
            stdout=self.slave,
            stderr=self.slave,
            env=env,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )

    def __enter__(self) -> Window:
        return self

    def __exit__(self, *_unused: object) -> None:
        self.process.send_signal(signal.SIGCONT)
        self.process.kill()
        self.process.wait()
        for descriptor in (self.master, self.slave):
            if descriptor >= 0:
                os.close(descriptor)

    def type(self, keys: bytes) -> None:
        """Type something; what does not fit into the terminal at once is waited for, and meanwhile its output read."""
        deadline = time.monotonic() + PATIENCE
        while keys:
            assert time.monotonic() < deadline, f"nobody takes what is typed; seen: {self.seen[-500:]!r}"
            _, writable, _ = select.select([], [self.master], [], 0.05)
            with suppress(BlockingIOError):
                keys = keys[os.write(self.master, keys[:1000]) :] if writable else keys
            self.look()

    def look(self) -> bytes:
        """Read what has appeared, and return all that was seen."""
        with suppress(OSError):  # nothing yet, or nobody has it open
            self.seen += os.read(self.master, 65536)
        return self.seen

    def expect(self, text: bytes) -> bytes:
        """Wait until `text` has appeared; return what came before it, and forget both."""
        self.until(lambda: text in self.look(), f"{text!r} does not appear")
        before, _, self.seen = self.seen.partition(text)
        return before

    def until(self, condition: Callable[[], object], what: str = "it does not happen") -> None:
        """Wait for a condition, and go on reading."""
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, f"{what}; seen: {self.seen[-2000:]!r}"
            select.select([self.master], [], [], 0.02)
            self.look()

    def resize(self, rows: int, columns: int) -> None:
        """Change the size of the window; the kernel tells the foreground job."""
        self._set_size(rows, columns)

    def end(self) -> int:
        """Wait for the command's end; return its exit code, negative for a signal."""
        self.until(lambda: self.process.poll() is not None, "the command does not end")
        self.look()
        return self.process.returncode

    def modes(self) -> list[Any]:
        """Return the terminal's settings as they are now."""
        return termios.tcgetattr(self.slave)

    def is_raw(self) -> bool:
        """Whether keys are passed on as they are."""
        return not self.modes()[3] & (termios.ICANON | termios.ISIG | termios.ECHO)

    def hang_up(self) -> None:
        """Close the window."""
        os.close(self.master)
        os.close(self.slave)
        self.master = self.slave = -1

    def _set_size(self, rows: int, columns: int) -> None:
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
