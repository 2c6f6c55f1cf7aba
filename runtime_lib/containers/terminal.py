"""The user's terminal while a program in a container has it: raw, and put back at the end, whatever happens."""

from __future__ import annotations

import _signal  # the C part: `signal` imports `enum`, which costs milliseconds
import os
from contextlib import contextmanager, suppress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

_ASKING = (_signal.SIGHUP, _signal.SIGINT, _signal.SIGQUIT, _signal.SIGTERM, _signal.SIGUSR1, _signal.SIGUSR2)
# Not passed on: what nobody can catch, what the kernel raises for this process's own doing, and the terminal's stops
# for a job in the background.
_OWN = (
    *(_signal.SIGKILL, _signal.SIGSTOP, _signal.SIGCHLD, _signal.SIGPIPE, _signal.SIGURG, _signal.SIGTTIN),
    *(_signal.SIGTTOU, _signal.SIGSEGV, _signal.SIGBUS, _signal.SIGFPE, _signal.SIGILL, _signal.SIGTRAP),
    _signal.SIGSYS,
)


def passed_on() -> tuple[int, ...]:
    """Return the numbers of the signals that a client passes on to the container, as Docker's does."""
    return tuple(sorted(_signal.valid_signals() - set(_OWN)))


def size(descriptor: int) -> tuple[int, int]:
    """Return (rows, columns) of a terminal; (0, 0) for one that does not know, and for what is none."""
    try:
        columns, rows = os.get_terminal_size(descriptor)
    except OSError:
        return 0, 0
    return rows, columns


@contextmanager
def raw(descriptor: int) -> Iterator[None]:
    """Pass every key on unchanged for a block; nothing happens when `descriptor` is no terminal.

    The terminal is put back also when this process is killed meanwhile.
    """
    if not os.isatty(descriptor):
        yield
        return
    import termios
    import tty

    before = termios.tcgetattr(descriptor)
    with suppress(termios.error):  # it has been hung up
        tty.setraw(descriptor, termios.TCSADRAIN)
    keeper, line = _keep(descriptor, before)
    try:
        yield
    finally:
        with suppress(termios.error):
            termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
        with suppress(OSError):
            os.write(line, b"done")
        os.close(line)
        with suppress(ChildProcessError):
            os.waitpid(keeper, 0)


def _keep(descriptor: int, before: list[Any]) -> tuple[int, int]:
    """Fork a process that puts the terminal back when this one ends before it has written to the line.

    Return its pid and the line. It is out of the session, so that nothing that ends this process's job ends it.
    """
    import termios

    from ..linux import libc

    with suppress(termios.error):
        own = termios.tcgetattr(descriptor)
    there, line = os.pipe()
    # Before the fork: the end of a session's leader hangs up the job, and that must not end it before it is out of it.
    mask = _signal.pthread_sigmask(_signal.SIG_BLOCK, _signal.valid_signals())
    pid = os.fork()
    if pid:
        _signal.pthread_sigmask(_signal.SIG_SETMASK, mask)
        os.close(there)
        return pid, line
    try:
        os.setsid()
        user = os.dup(descriptor)
        os.dup2(there, 0)
        os.dup2(user, 1)
        libc.close_range(2)
        # A shell that has waited for the job may have put it back, and have taken it for its own line by now.
        if not os.read(0, 1) and termios.tcgetattr(1) == own:
            termios.tcsetattr(1, termios.TCSANOW, before)
    finally:
        os._exit(0)


@contextmanager
def caught(numbers: tuple[int, ...]) -> Iterator[int]:
    """Catch these signals during a block; return a descriptor from which their numbers can be read, one byte each.

    Only the main thread may set handlers (signal(2) in Python); elsewhere nothing is caught.
    """
    there, line = os.pipe()
    os.set_blocking(there, False)
    os.set_blocking(line, False)

    def tell(received: int, _frame: object) -> None:
        with suppress(BlockingIOError):
            os.write(line, bytes((received,)))

    before = _handle(numbers, tell)
    try:
        yield there
    finally:
        _restore(before)
        os.close(there)
        os.close(line)


@contextmanager
def resizing(descriptor: int, resize: Callable[[int, int], None]) -> Iterator[None]:
    """Tell `resize(rows, columns)` the terminal's size now and at every change during a block."""

    def tell(*_unused: object) -> None:
        found = size(descriptor)
        if any(found):
            resize(*found)

    before = _handle((_signal.SIGWINCH,), tell) if os.isatty(descriptor) else {}
    try:
        tell()
        yield
    finally:
        _restore(before)


@contextmanager
def forwarding(send: Callable[[int], None]) -> Iterator[None]:
    """Pass the signals that ask this process to do something on to `send(number)` during a block.

    Only the main thread may set handlers (signal(2) in Python); elsewhere nothing happens.
    """
    before = _handle(_ASKING, lambda received, _frame: send(received))
    try:
        yield
    finally:
        _restore(before)


def _handle(numbers: tuple[int, ...], handler: Callable[[int, Any], object]) -> dict[int, Any]:
    before: dict[int, Any] = {}
    for number in numbers:
        try:
            before[number] = _signal.signal(number, handler)
        except ValueError:
            break  # not the main thread
    return before


def _restore(before: dict[int, Any]) -> None:
    for number, handler in before.items():
        _signal.signal(number, handler)
