"""Change a container's limits and restart policy, also while it runs."""

from __future__ import annotations

import json

from ..errors import InvalidSpec
from ..monitor import client
from ..records import replace
from ..store import Store, write_file
from . import host_limits, release
from .catalog import Container, find, state
from .resources import limits
from .spec import ContainerSpec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

UPDATABLE = (
    "memory", "memory_reservation", "memory_swap", "memory_swappiness", "cpus", "cpu_period", "cpu_quota", "cpu_shares",
    "cpuset_cpus", "cpuset_mems", "pids_limit", "blkio_weight", "restart_policy", "restart_retries",
)  # fmt: skip
# What the kernel is told when a limit is taken away (OCI linux.resources).
_NONE: dict[str, dict[str, int]] = {
    "memory": {"limit": -1, "swap": -1, "reservation": -1},
    "cpu": {"quota": -1, "shares": 1024},
}


def update(store: Store, ref: str, changes: dict[str, Any]) -> Container:
    """Give a container other values of `UPDATABLE` fields; limits apply at once to what runs. Return it as it is now.

    Of the restart policy a running container learns at once only that there shall be no restart; everything else of
    it counts from the next start. Raises InvalidSpec, HostLacks, OSError when the kernel refuses.
    """
    container = find(store, ref)
    for key in changes:
        if key not in UPDATABLE:
            raise InvalidSpec(f"{key} of a container cannot be changed; remove the container and create it anew")
    with store.lock("container", container.id):
        container = find(store, container.id)
        container.check_known()
        spec = replace(container.spec, **changes)
        spec.check()
        host_limits.check(spec)
        if state(store, container).running():
            _apply(store, container, spec)
        save(store, container, spec)
    return find(store, container.id)


def save(store: Store, container: Container, spec: ContainerSpec) -> None:
    """Store another description of a container."""
    with store.transaction(durable=True) as db:
        db.execute("UPDATE containers SET spec = ? WHERE id = ?", (json.dumps(spec.to_json()), container.id))


def _apply(store: Store, container: Container, spec: ContainerSpec) -> None:
    release.cgroup(store, container.id).apply(_changed(container.spec, spec))
    path = f"{store.layout.bundle(container.id)}/config.json"
    with open(path, "rb") as file:
        config = json.load(file)
    config["linux"]["resources"].update(limits(spec))  # a restart by policy reads it
    write_file(path, json.dumps(config).encode())
    if spec.restart_policy == "no" and container.spec.restart_policy != "no":
        with client.connect(store.layout.bundle(container.id)) as session:
            session.no_restart()


def _changed(old: ContainerSpec, new: ContainerSpec) -> dict[str, Any]:
    """Return the limits that differ, in full for each section that does; one that is gone is told as unlimited."""
    before, after = limits(old), limits(new)
    result: dict[str, Any] = {}
    for section in {*before, *after}:
        was, shall = before.get(section, {}), after.get(section, {})
        if was != shall:
            gone = {key: value for key, value in _NONE.get(section, {}).items() if key in was and key not in shall}
            result[section] = {**gone, **shall}
    return result
