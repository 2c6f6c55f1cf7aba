"""Change a container's limits and restart policy, also while it runs."""

from __future__ import annotations

import json
from contextlib import suppress

from ..errors import InvalidSpec, SkiffError
from ..monitor import client
from ..records import replace
from ..store import Store, write_file
from . import events, host_limits, release
from .catalog import Container, find, state
from .finish import ALIVE
from .resources import LIMITS, limits
from .spec import ContainerSpec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

UPDATABLE = (
    "memory", "memory_reservation", "memory_swap", "memory_swappiness", "cpus", "cpu_period", "cpu_quota", "cpu_shares",
    "cpu_rt_period", "cpu_rt_runtime", "cpuset_cpus", "cpuset_mems", "pids_limit", "blkio_weight", "restart_policy",
    "restart_retries", "log_options",
)  # fmt: skip
# What the kernel is told when a limit is taken away (OCI linux.resources).
_NONE: dict[str, dict[str, int]] = {
    "memory": {"limit": -1, "swap": -1, "reservation": -1},
    "cpu": {"quota": -1, "shares": 1024},
}


def update(store: Store, ref: str, changes: dict[str, Any]) -> Container:
    """Give a container other values of `UPDATABLE` fields, at once where it runs. Return it as it is now.

    Fields that depend on those follow them, see `complete`. Raises InvalidSpec, HostLacks, OSError when the kernel
    refuses.
    """
    container = find(store, ref)
    for key in changes:
        if key not in UPDATABLE:
            raise InvalidSpec(f"{key} of a container cannot be changed; remove the container and create it anew")
    with store.lock("container", container.id):
        container = find(store, container.id)
        container.check_known()
        spec = replace(container.spec, **complete(container.spec, changes))
        spec.check()
        host_limits.check(spec)
        present = state(store, container)
        if present.status in ALIVE:
            _apply(store, container, spec)
        if present.status in ALIVE and present.monitored:
            _tell_monitor(store, container, spec)
        save(store, container, spec)
        events.note(store, container, "update")
    return find(store, container.id)


def complete(spec: ContainerSpec, changes: dict[str, Any]) -> dict[str, Any]:
    """Return the changes with what follows from them, so that no two fields contradict each other. Pure.

    More memory than the present limit of memory and swap raises that to its default; `cpus` takes the place of period
    and quota, and the other way round; retries belong to `on-failure` alone.
    """
    changes = dict(changes)
    memory = changes.get("memory")
    if memory and "memory_swap" not in changes and 0 < spec.memory_swap < memory:
        changes["memory_swap"] = 2 * memory  # the default of a container that is made with this memory
    if changes.get("cpus"):
        changes = {"cpu_period": 0, "cpu_quota": 0, **changes}
    elif changes.get("cpu_period") or changes.get("cpu_quota"):
        changes = {"cpus": 0.0, **changes}
    if changes.get("restart_policy", "on-failure") != "on-failure":
        changes = {"restart_retries": 0, **changes}
    return changes


def save(store: Store, container: Container, spec: ContainerSpec) -> None:
    """Store another description of a container."""
    with store.transaction(durable=True) as db:
        db.execute("UPDATE containers SET spec = ? WHERE id = ?", (json.dumps(spec.to_json()), container.id))


def _apply(store: Store, container: Container, spec: ContainerSpec) -> None:
    """Change the limits of what runs, and of its next run by the restart policy. What fails is taken back."""
    path = f"{store.layout.bundle(container.id)}/config.json"
    with open(path, "rb") as file:
        before = file.read()
    config = json.loads(before)
    config["linux"]["resources"] = merged(config["linux"]["resources"], limits(spec))
    write_file(path, json.dumps(config).encode())
    if not state(store, container).running():
        return  # it is between two runs
    group = release.cgroup(store, container.id)
    try:
        group.apply(_changed(container.spec, spec))
    except (OSError, SkiffError):
        write_file(path, before)
        with suppress(OSError, SkiffError):  # the first failure is the one to tell
            group.apply(_changed(spec, container.spec))
        raise


def merged(present: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Any]:
    """Return OCI `linux.resources` with other limits; what names devices stays. Pure."""
    by_device = {key: value for key, value in present.get("blockIO", {}).items() if key != "weight"}
    kept = {key: value for key, value in present.items() if key not in LIMITS}
    block = {**by_device, **wanted.get("blockIO", {})}
    return {**kept, **wanted, **({"blockIO": block} if block else {})}


def _tell_monitor(store: Store, container: Container, spec: ContainerSpec) -> None:
    before, after = ((one.restart_policy, one.restart_retries) for one in (container.spec, spec))
    logged = container.spec.log_options != spec.log_options
    if before == after and not logged:
        return
    with client.connect(store.layout.bundle(container.id)) as session:
        if before != after:
            session.restart_policy(*after)
        if logged:
            session.log_settings(_log(store, replace(container, spec=spec)))


def _log(store: Store, container: Container) -> dict[str, Any]:
    from ..images import catalog as images
    from .log_settings import settings

    return settings(container, images.get(store, container.image_id).defaults)


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
