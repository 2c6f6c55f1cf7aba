"""Wait for descriptors, signals and points in time, one after the other, in one thread."""

from __future__ import annotations

import _signal
import posix
import select
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

READ = select.POLLIN
WRITE = select.POLLOUT
_LONGEST = 2**31 - 1  # milliseconds: a C int is what poll(2) takes


class Loop:
    """What is watched, and who is called then."""

    __slots__ = ("_handlers", "_poll", "_running", "_timers")

    def __init__(self) -> None:
        self._handlers: dict[int, Callable[[int], object]] = {}
        self._poll = select.poll()
        self._timers: dict[str, tuple[float, Callable[[], None]]] = {}
        self._running = True

    def watch(self, descriptor: int, handler: Callable[[int], object], events: int = READ) -> None:
        """Call `handler(events)` when `descriptor` is ready or closed at its other end."""
        self._handlers[descriptor] = handler
        self._poll.register(descriptor, events)

    def forget(self, descriptor: int) -> None:
        """Watch it no more."""
        if self._handlers.pop(descriptor, None) is not None:
            self._poll.unregister(descriptor)

    def watches(self, descriptor: int) -> bool:
        """Whether it is watched."""
        return descriptor in self._handlers

    def after(self, name: str, seconds: float, handler: Callable[[], None]) -> None:
        """Call `handler()` once, later; a timer of the same name is replaced."""
        self._timers[name] = (time.monotonic() + seconds, handler)

    def cancel(self, name: str) -> None:
        """Forget a timer."""
        self._timers.pop(name, None)

    def stop(self) -> None:
        """Have `run` return."""
        self._running = False

    def run(self) -> None:
        """Serve until `stop`."""
        while self._running:
            for descriptor, events in self._poll.poll(self._patience()):
                handler = self._handlers.get(descriptor)  # an earlier one of this round may have forgotten it
                if handler is not None:
                    handler(events)
            self._run_timers()

    def _patience(self) -> int | None:
        if not self._timers:
            return None
        first = min([due for due, _handler in self._timers.values()])
        return min(max(0, int((first - time.monotonic()) * 1000) + 1), _LONGEST)

    def _run_timers(self) -> None:
        now = time.monotonic()
        for name, (due, handler) in list(self._timers.items()):
            if due <= now:
                del self._timers[name]
                handler()


def signals(numbers: tuple[int, ...]) -> int:
    """Catch these signals; return a descriptor from which their numbers can be read, one byte each."""
    receive, send = posix.pipe2(posix.O_CLOEXEC | posix.O_NONBLOCK)
    _signal.set_wakeup_fd(send, warn_on_full_buffer=False)
    for number in numbers:
        _signal.signal(number, _caught)
    return receive


def _caught(_number: int, _frame: object) -> None:
    """Do nothing: the wake-up descriptor has the number. Unlike SIG_IGN this does not survive an execve."""
