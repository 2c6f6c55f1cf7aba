"""`skiff update`: other limits and another restart policy for containers, also while they run."""

from __future__ import annotations

from ..containers.sizes import size
from ..errors import InvalidSpec
from . import opened
from .container_flags import RUN
from .container_spec import number, restart_policy
from .lifecycle import each
from .options import Usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# Options that `run` has too, by their keys; each names the field of the description that has its name.
_PLAIN = ("blkio_weight", "cpu_period", "cpu_quota", "cpu_rt_period", "cpu_rt_runtime", "cpu_shares", "cpuset_cpus",
          "cpuset_mems")  # fmt: skip
_SIZES = ("memory", "memory_reservation", "memory_swap")
_OTHERS = ("cpus", "kernel_memory", "memory_swappiness", "pids_limit", "restart")
_USAGE = Usage(
    "update",
    "[OPTIONS] CONTAINER [CONTAINER...]",
    "Update the limits and the restart policy of containers, also while they run",
    [option for option in RUN.options if option.key in (*_PLAIN, *_SIZES, *_OTHERS)],
    1,
)


def update(words: list[str]) -> int:
    """Update containers."""
    parsed = _USAGE.parse(words)
    changes = changed(parsed.values)
    from ..containers.update import update as engine

    store = opened.store()
    return each(parsed, lambda name: (engine(store, name, changes), name)[1])


def changed(given: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a description that the options change. An empty or zero value changes nothing, as in Docker.

    Pure. Raises InvalidSpec where there is nothing to change.
    """
    changes: dict[str, Any] = {key: given[key] for key in _PLAIN if given[key]}
    changes.update({key: size(given[key], key) for key in _SIZES if given[key]})
    changes = {key: value for key, value in changes.items() if value}
    if given["cpus"] is not None:
        changes["cpus"] = number(given["cpus"], "cpus")
    for key in ("memory_swappiness", "pids_limit"):
        if given[key] is not None:
            changes[key] = given[key]
    if given["restart"] is not None:
        changes["restart_policy"], changes["restart_retries"] = restart_policy(given["restart"])
    if not changes:
        raise InvalidSpec("update: you must provide one or more flags when using this command")
    return changes
