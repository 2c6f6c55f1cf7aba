"""What the monitor notes in the log of events: starts, ends and health."""

from __future__ import annotations

from .. import eventlog
from ..jsontext import parse
from .status import read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .status import Status

FILE = "attributes"  # of the run folder: what events say of the container; who renames it writes it anew
_LIMIT = 1024 * 1024  # bytes


def note(request: dict[str, Any], action: str, **more: str) -> None:
    """Note what has happened to the container; nothing where the engine has left no attributes."""
    run, _folder, container_id = request["run_folder"].rsplit("/", 2)
    try:
        attributes = parse(read(f"{request['run_folder']}/{FILE}", _LIMIT))
    except (OSError, ValueError):
        return
    eventlog.append(run, "container", (action,), container_id, {**attributes, **more})


def ended(request: dict[str, Any], status: Status) -> None:
    """Note the end of a run."""
    if status.oom_killed:
        note(request, "oom")
    note(request, "die", exitCode=str(status.exit_code))
