"""The user's terminal while a program in a container has it: raw, and put back at the end."""

from __future__ import annotations

import _signal  # the C part: `signal` imports `enum`, which costs milliseconds
import os
from contextlib import contextmanager

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

_FORWARDED = (_signal.SIGHUP, _signal.SIGINT, _signal.SIGQUIT, _signal.SIGTERM, _signal.SIGUSR1, _signal.SIGUSR2)


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

    before = _signal.signal(_signal.SIGWINCH, tell)
    try:
        tell()
        yield
    finally:
        _signal.signal(_signal.SIGWINCH, before)


@contextmanager
def forwarding(send: Callable[[int], None]) -> Iterator[None]:
    """Pass the signals that ask this process to do something on to `send(number)` during a block.

    Only the main thread may set handlers (signal(2) in Python); elsewhere nothing happens.
    """
    before: dict[int, Any] = {}
    for number in _FORWARDED:
        try:
            before[number] = _signal.signal(number, lambda received, _frame: send(received))
        except ValueError:
            break  # not the main thread
    try:
        yield
    finally:
        for number, handler in before.items():
            _signal.signal(number, handler)
