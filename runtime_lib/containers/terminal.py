"""The user's terminal while a program in a container has it: raw, and put back at the end."""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

_FORWARDED = ("SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM", "SIGUSR1", "SIGUSR2")


@contextmanager
def raw(descriptor: int) -> Iterator[None]:
    """Pass every key on unchanged for a block; nothing happens when `descriptor` is no terminal."""
    if not os.isatty(descriptor):
        yield
        return
    import termios
    import tty

    before = termios.tcgetattr(descriptor)
    try:
        tty.setraw(descriptor, termios.TCSADRAIN)
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


@contextmanager
def resizing(descriptor: int, resize: Callable[[int, int], None]) -> Iterator[None]:
    """Tell `resize(rows, columns)` the terminal's size now and at every change during a block."""
    if not os.isatty(descriptor):
        yield
        return

    def tell(*_unused: Any) -> None:
        columns, rows = os.get_terminal_size(descriptor)
        resize(rows, columns)

    before = signal.signal(signal.SIGWINCH, tell)
    try:
        tell()
        yield
    finally:
        signal.signal(signal.SIGWINCH, before)


@contextmanager
def forwarding(send: Callable[[int], None]) -> Iterator[None]:
    """Pass the signals that ask this process to do something on to `send(number)` during a block.

    Only the main thread may set handlers (signal(2) in Python); elsewhere nothing happens.
    """
    import threading

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {}
    for name in _FORWARDED:
        number = getattr(signal, name)
        before[number] = signal.signal(number, lambda received, _frame: send(received))
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
