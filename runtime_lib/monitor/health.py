"""How well a container is, by what its checks said: Docker's rules (moby, daemon/health.go). Pure."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

STARTING, HEALTHY, UNHEALTHY = "starting", "healthy", "unhealthy"
KEPT = 5  # results
OUTPUT = 4096  # bytes of a result's output
NO_RESULT = -1  # the exit code of a check that did not come to its end


class Health:
    """The health of one container; `settings` are `health` of `monitor.json`, its times in seconds.

    `log` holds the last results, oldest first: start and end (nanoseconds since 1970), exit_code, output.
    """

    __slots__ = ("failing_streak", "log", "status", "_settings")

    def __init__(self, settings: dict[str, Any], log: list[dict[str, Any]]) -> None:
        """Take the results of an earlier run in `log`: a restart keeps them."""
        self._settings = settings
        self.log = log[-KEPT:]
        self.begin()

    def begin(self) -> None:
        """The container has been started."""
        self.status = STARTING
        self.failing_streak = 0

    def pause(self, age: float) -> float:
        """Return how many seconds to wait before the next check of a container that has run for `age` seconds."""
        settings = self._settings
        early = self.status == STARTING and age < settings["start_period"]
        wait: float = settings["start_interval"] if early else settings["interval"]
        return wait

    def take(self, start: int, end: int, exit_code: int, output: str, age: float) -> None:
        """Note a result; `age` is how many seconds the container had run when the check was started."""
        self.log = [*self.log[1 - KEPT :], {"start": start, "end": end, "exit_code": exit_code, "output": output}]
        if exit_code == 0:
            self.failing_streak = 0
            self.status = HEALTHY
        elif self.status != STARTING or age >= self._settings["start_period"]:
            self.failing_streak += 1
            if self.failing_streak >= self._settings["retries"]:
                self.status = UNHEALTHY

    def interrupt(self) -> None:
        """Nobody checks any more: it has ended, or is paused."""
        self.status = UNHEALTHY

    def values(self) -> dict[str, Any]:
        """Return the content of `health.json`."""
        return {"status": self.status, "failing_streak": self.failing_streak, "log": self.log}


def result(data: bytes) -> tuple[int, int, int, str]:
    """Return (start, end, exit code, output) of a message of `checker`. Raises ValueError when it is none."""
    head, _unused, output = data.partition(b"\n")
    start, end, exit_code = map(int, head.split())
    return start, end, exit_code, output.decode("utf-8", "replace")
