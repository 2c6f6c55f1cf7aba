"""When a container that has ended is started again: Docker's rules (moby, daemon/internal/restartmanager)."""

from __future__ import annotations

FIRST_PAUSE = 0.1  # seconds
LONGEST_PAUSE = 60.0
LONG_RUN = 10.0  # a run of this many seconds starts the pauses from the first one again


class RestartPolicy:
    """The policy of one container ("no", "on-failure", "always", "unless-stopped") and how often it has been used."""

    __slots__ = ("count", "stopped", "_max_retries", "_name", "_pause")

    def __init__(self, name: str, max_retries: int) -> None:
        """`max_retries` counts for "on-failure" alone; 0 is "no limit"."""
        self.count = 0  # restarts so far
        self.stopped = False  # somebody asked for the end
        self._max_retries = max_retries
        self._name = name
        self._pause = 0.0

    def pause(self, exit_code: int, seconds: float) -> float | None:
        """Return how long to wait before the next start of a container that ran `seconds`; None to leave it ended."""
        if self.stopped or not self.wants(exit_code) or not self._may_try():
            return None
        if seconds >= LONG_RUN or self._pause == 0.0:
            self._pause = FIRST_PAUSE
        else:
            self._pause = min(self._pause * 2, LONGEST_PAUSE)
        self.count += 1
        return self._pause

    def change(self, name: str, max_retries: int) -> None:
        """Take another policy in place of this one; what was counted stays."""
        self._name, self._max_retries = name, max_retries

    def wants(self, exit_code: int) -> bool:
        """Whether a container that has ended so is to be started again, however often that was done already."""
        if self._name == "on-failure":
            return exit_code != 0
        return self._name in ("always", "unless-stopped")

    def _may_try(self) -> bool:
        return self._name != "on-failure" or self._max_retries == 0 or self.count < self._max_retries
