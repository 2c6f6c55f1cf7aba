"""What is true of a container: the monitor's file, checked against the kernel."""

from __future__ import annotations

import os

from ..jsontext import parse
from ..linux.process import Process
from .status import boot_id

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_HEALTH_LIMIT = 1024 * 1024  # bytes; see `prober`
UNKNOWN_CODE = 255  # of a run whose end nobody has seen


class State:
    """A container's state. Times are nanoseconds since 1970, 0 for "never".

    `status` is created, running, paused, restarting or exited. `process` is the first process of one that runs or is
    paused. `monitored` is False while it runs without its monitor, which somebody has killed: its output is lost and
    its exit code will be unknown. `error` says why a start failed, or why the exit code is unknown.
    """

    __slots__ = (
        "error",
        "exit_code",
        "finished",
        "log_dropped",
        "monitored",
        "oom_killed",
        "process",
        "restart_count",
        "started",
        "status",
    )

    def __init__(self, values: dict[str, Any]) -> None:
        """Take the content of a state file; no field need be there."""
        self.status: str = values.get("status", "created")
        self.exit_code: int = values.get("exit_code", 0)
        self.started: int = values.get("started", 0)
        self.finished: int = values.get("finished", 0)
        self.oom_killed: bool = values.get("oom_killed", False)
        self.error: str = values.get("error", "")
        self.restart_count: int = values.get("restart_count", 0)
        self.log_dropped: int = values.get("log_dropped", 0)
        self.process: Process | None = None
        self.monitored = False

    def running(self) -> bool:
        """Whether it has a process (running or paused)."""
        return self.process is not None

    def uptime(self, now: int) -> int:
        """Return the nanoseconds since its start, whatever the clock (`now`, since 1970) has been set to meanwhile."""
        return self.process.age() if self.process else now - self.started


def read(run_folder: str, container_folder: str) -> State:
    """Return the state of a container, as it is now; one without any state file is "created"."""
    values = _load(f"{run_folder}/state.json")
    if values is None:
        return _last(_load(f"{container_folder}/last.json") or {})
    if values.get("boot_id") != boot_id():
        return _last(values)
    return _checked(State(values), values)


def _checked(state: State, values: dict[str, Any]) -> State:
    """Compare with the processes that exist."""
    monitor = Process(values.get("monitor_pid", 0), values.get("monitor_start_time", 0))
    state.monitored = monitor.pid > 0 and monitor.alive()
    if state.status in ("running", "paused"):
        process = Process(values["pid"], values["start_time"])
        # The monitor alone says that it has ended: it collects the code, and may be about to.
        if state.monitored or process.alive():
            state.process = process
        else:
            _unknown(state, "the monitor was killed, so the exit code is unknown")
    elif state.status == "restarting" and not state.monitored:
        _unknown(state, "the monitor was killed between two runs")
    return state


def _last(values: dict[str, Any]) -> State:
    """A file that outlived its run: what ran then was ended by the end of the host's."""
    state = State(values)
    if state.status in ("running", "paused", "restarting"):
        _unknown(state, "the host was restarted")
    return state


def _unknown(state: State, error: str) -> None:
    state.status = "exited"
    state.exit_code = UNKNOWN_CODE
    state.finished = max(state.finished, state.started)  # it ended later, but nobody knows when
    state.error = error


def health(run_folder: str, container_folder: str) -> dict[str, Any] | None:
    """Return `status`, `failing_streak` and `log` of the last run (see `health.Health`); None for one unchecked."""
    for folder in (run_folder, container_folder):
        found = _load(f"{folder}/health.json", _HEALTH_LIMIT)
        if found is not None:
            return found
    return None


def _load(path: str, limit: int = 65536) -> dict[str, Any] | None:
    """Return the content of a state file; None when there is none, or a power cut has left it unfinished."""
    try:
        with open(path, encoding="utf-8") as file:
            values = parse(file.read(limit))
    except (FileNotFoundError, ValueError):
        return None
    return values if isinstance(values, dict) else None


def exists(run_folder: str) -> bool:
    """Whether a run has been started there and not been cleaned up."""
    return os.path.exists(f"{run_folder}/monitor.json")
