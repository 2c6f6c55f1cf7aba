"""What the monitor notes in the log of events: starts, ends, health, and when volumes are mounted."""

from __future__ import annotations

from .. import eventlog
from ..jsontext import parse
from .status import read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .status import Status

FILE = "attributes"  # of the run folder: what events say of the container; who renames it writes it anew
VOLUMES = "volumes"  # of the run folder: for each volume what its `mount` event says; only there if there are volumes
_LIMIT = 1024 * 1024  # bytes


def note(request: dict[str, Any], action: str, **more: str) -> None:
    """Note what has happened to the container; nothing where the engine has left no attributes."""
    run, _folder, container_id = request["run_folder"].rsplit("/", 2)
    try:
        attributes = parse(read(f"{request['run_folder']}/{FILE}", _LIMIT))
    except (OSError, ValueError):
        return
    eventlog.append(run, "container", (action,), container_id, {**attributes, **more})


def started(request: dict[str, Any]) -> None:
    """Note a start, and before it that volumes were mounted."""
    _note_volumes(request, "mount")
    note(request, "start")


def ended(request: dict[str, Any], status: Status) -> None:
    """Note the end of a run."""
    if status.oom_killed:
        note(request, "oom")
    note(request, "die", exitCode=str(status.exit_code))
    _note_volumes(request, "unmount")


def _note_volumes(request: dict[str, Any], action: str) -> None:
    run, _folder, container_id = request["run_folder"].rsplit("/", 2)
    try:
        volumes = parse(read(f"{request['run_folder']}/{VOLUMES}", _LIMIT))
    except (OSError, ValueError):
        return
    for name, mounted in volumes:
        attributes = mounted if action == "mount" else {"driver": mounted["driver"]}
        eventlog.append(run, "volume", (action,), name, {**attributes, "container": container_id})
