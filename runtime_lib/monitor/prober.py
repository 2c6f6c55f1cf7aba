"""When a container's health is checked: never two checks at a time, each in a process of its own (`checker`)."""

from __future__ import annotations

import _signal
import posix
import time

from ..jsontext import compact, parse
from . import health
from .events import note
from .runtime import spawn
from .status import read, replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    import _socket
    from collections.abc import Callable
    from typing import Any

    from .loop import Loop

_FILE = "health.json"
_FILE_LIMIT = 1024 * 1024  # bytes; five outputs take at most 5 * 4099 characters of up to six bytes
_ANSWER = health.OUTPUT + 512


class Prober:
    """The checks of one container. `tell(status)` is called at every change."""

    __slots__ = ("health", "_age", "_began", "_loop", "_pid", "_process", "_request", "_socket", "_start", "_tell")

    def __init__(self, loop: Loop, request: dict[str, Any], tell: Callable[[str], None]) -> None:
        """Take the monitor's order; nothing is checked before `begin`."""
        self._loop = loop
        self._request = request
        self._tell = tell
        self._process = ("0", "0")  # pid and start time of the container's first process
        self._began = 0.0
        self._age = 0.0
        self._start = 0
        self._pid = 0  # of a check that has not been collected yet
        self._socket: _socket.socket | None = None
        self.health = health.Health(request["health"], _earlier(f"{request['container_folder']}/{_FILE}"))

    def begin(self, pid: int, start_time: int) -> None:
        """The container has been started."""
        self._process = (str(pid), str(start_time))
        self._began = time.monotonic()
        self.health.begin()
        self._save()
        self._tell(self.health.status)
        self._next()

    def frozen(self, frozen: bool) -> None:
        """The container has been frozen: a check that runs does not count. Or thawed: the next one is made."""
        if frozen:
            return self._stop()
        return self._next()

    def end(self) -> None:
        """The container has ended; the results outlive the run."""
        self._stop()
        if not self._request["auto_remove"]:
            self._write(self._request["container_folder"])

    def reaped(self, pid: int) -> None:
        """A child has been collected."""
        if pid == self._pid:
            self._pid = 0

    def _next(self) -> None:
        """Have the next check made an interval from now."""
        self._loop.after("health", self.health.pause(time.monotonic() - self._began), self._check)

    def _stop(self) -> None:
        self._loop.cancel("health")
        self._leave()
        self._change(self.health.interrupt)

    def _check(self) -> None:
        if self._pid:  # it was told to end and cannot: somebody else has frozen the container
            posix.kill(self._pid, _signal.SIGKILL)  # nobody else can have this pid before `reaped`
        self._age = time.monotonic() - self._began
        self._start = time.time_ns()
        try:
            self._pid, self._socket = spawn("checker", self._request["run_folder"], *self._process)
        except OSError as error:  # no process or descriptor left on this host
            return self._failed(f"the health check could not be started: {error}")
        self._loop.watch(self._socket.fileno(), self._on_answer)
        self._loop.after("health", self._request["health"]["timeout"], self._on_timeout)
        return None

    def _on_answer(self, _events: int) -> None:
        if self._socket is None:
            return None
        try:
            start, end, exit_code, output = health.result(self._socket.recv(_ANSWER))
        except (OSError, ValueError):
            return self._failed("the health check was killed")
        return self._take(start, end, exit_code, output)

    def _on_timeout(self) -> None:
        self._failed(self._request["health"]["too_long"])

    def _failed(self, why: str) -> None:
        self._take(self._start, time.time_ns(), health.NO_RESULT, why)

    def _take(self, start: int, end: int, exit_code: int, output: str) -> None:
        self._leave()
        before = self.health.status
        self._change(lambda: self.health.take(start, end, exit_code, output, self._age))
        if self.health.status != before:
            note(self._request, f"health_status: {self.health.status}")
        self._next()

    def _leave(self) -> None:
        """Close the socket to a check, which by that ends itself and all its children."""
        if self._socket is not None:
            self._loop.forget(self._socket.fileno())
            self._socket.close()
            self._socket = None

    def _change(self, change: Callable[[], None]) -> None:
        before = self.health.status
        change()
        self._save()
        if self.health.status != before:
            self._tell(self.health.status)

    def _save(self) -> None:
        self._write(self._request["run_folder"])

    def _write(self, folder: str) -> None:
        try:
            replace(f"{folder}/{_FILE}", compact(self.health.values()), sync=False)
        except OSError:
            return  # a full disk, or a folder that is being removed: the container must go on


def _earlier(path: str) -> list[dict[str, Any]]:
    """Return the results of an earlier run."""
    try:
        log: list[dict[str, Any]] = parse(read(path, _FILE_LIMIT))["log"]
    except (OSError, ValueError, KeyError, TypeError):
        return []
    return log
