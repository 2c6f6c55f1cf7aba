"""Attend a container in the foreground: signals go to it, and its terminal is ours."""

from __future__ import annotations

import os
import select
import signal
import socket
import termios
import tty

from ..linux import terminal
from ..linux.writing import write_all
from . import channel

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_FORWARDED = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2)


def attend(pid: int, console: socket.socket) -> int:
    """Wait for a child and return its status of waitpid(2); a terminal that comes over `console` is attended to."""
    for number in _FORWARDED:
        signal.signal(number, lambda received, _frame: os.kill(pid, received))  # our child, not yet waited for
    master = channel.receive_terminal(console.fileno())
    if master >= 0:
        relay(master)
    return os.waitpid(pid, 0)[1]


def relay(master: int) -> None:
    """Be the terminal whose master this is, until nobody uses it any more; our own one is raw meanwhile."""
    before = termios.tcgetattr(0) if os.isatty(0) else None
    try:
        if before:
            tty.setraw(0)
            _follow_size(master)
        _copy(master)
    finally:
        if before:
            termios.tcsetattr(0, termios.TCSADRAIN, before)


def _follow_size(master: int) -> None:
    def follow(*_unused: Any) -> None:
        size = os.get_terminal_size(0)
        terminal.resize(master, size.lines, size.columns)

    follow()
    signal.signal(signal.SIGWINCH, follow)


def _copy(master: int) -> None:
    """Copy standard input to the terminal and the terminal to standard output, until the terminal has no user."""
    sources = [master, 0]
    while True:
        ready, _unused, _unused = select.select(sources, [], [])
        try:
            if master in ready:
                data = os.read(master, 65536)
                write_all(1, data)
        except OSError:  # EIO: every process has closed it
            return
        if 0 in ready:
            data = os.read(0, 65536)
            if data:
                write_all(master, data)
            else:
                sources.remove(0)
