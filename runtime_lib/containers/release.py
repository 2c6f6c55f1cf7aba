"""Give back what a run has taken: processes, cgroup, ports, addresses, the run folder."""

from __future__ import annotations

import os

from ..linux.cgroups.group import Cgroup
from ..linux.cgroups.hierarchy import detect
from ..store import Store


def release(store: Store, container_id: str) -> None:
    """Release everything of a run that is over, or that must be; the caller holds the container's lock.

    What still lives in its cgroup is killed. May be repeated. Raises Busy when a process does not die.
    """
    from .wiring import disconnect

    group = cgroup(store, container_id)
    if group.pids():
        group.kill()
    group.remove()
    Cgroup(detect(), f"/{store.layout.label}/monitors").remove_if_empty()
    disconnect(store, container_id)
    if os.path.lexists(store.layout.bundle(container_id)):
        from .reconcile import remove_folder

        remove_folder(f"{store.layout.run}/containers", container_id)


def cgroup(store: Store, container_id: str) -> Cgroup:
    """Return the cgroup of a container; nothing is touched."""
    return Cgroup(detect(), store.layout.cgroup(container_id))
