"""Give back what a run has taken: processes, cgroup, ports, addresses, the run folder, mounts of volumes."""

from __future__ import annotations

import os
import time

from ..errors import Busy
from ..linux.cgroups.group import Cgroup
from ..linux.cgroups.hierarchy import detect
from ..store import LOCK_PATIENCE, Store


def release(store: Store, container_id: str) -> None:
    """Release everything of a run that is over, or that must be; the caller holds the container's lock.

    What still lives in its cgroup is killed. May be repeated. Raises Busy when a process does not die.
    """
    from .wiring import disconnect

    _await_start(store, container_id)
    if os.path.exists(f"{store.layout.bundle(container_id)}/oci"):
        from ..oci import foreign

        foreign.delete(store.layout.bundle(container_id), container_id)
    group = cgroup(store, container_id)
    if group.pids():
        group.kill()
    group.remove()
    Cgroup(detect(), f"/{store.layout.label}/monitors").remove_if_empty()
    disconnect(store, container_id)
    if os.path.lexists(store.layout.bundle(container_id)):
        from .reconcile import remove_folder

        remove_folder(f"{store.layout.run}/containers", container_id)
    from ..volumes.catalog import unmount_unused

    unmount_unused(store, container_id)


def _await_start(store: Store, container_id: str) -> None:
    """Wait until a monitor whose engine was killed in the middle of a start has undone it."""
    try:
        order = os.open(f"{store.layout.bundle(container_id)}/monitor.json", os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        deadline = time.monotonic() + LOCK_PATIENCE
        while not _unlocked(order):
            if time.monotonic() > deadline:
                raise Busy(f"container {container_id[:12]} is being started by a process that hangs; end it, try again")
            time.sleep(0.01)
    finally:
        os.close(order)


def _unlocked(descriptor: int) -> bool:
    try:
        os.lockf(descriptor, os.F_TEST, 0)
    except (BlockingIOError, PermissionError):
        return False
    return True


def cgroup(store: Store, container_id: str) -> Cgroup:
    """Return the cgroup of a container; nothing is touched."""
    return Cgroup(detect(), cgroup_path(store, container_id))


def cgroup_path(store: Store, container_id: str) -> str:
    """Return the path of a container's cgroup. Below a `cgroup_parent` it is in a folder of ours, too.

    So what somebody else has made and limited is never removed for being empty.
    """
    query = "SELECT json_extract(spec, '$.cgroup_parent') AS parent FROM containers WHERE id = ? AND json_valid(spec)"
    row = store.row(query, (container_id,))
    parent = ((row["parent"] if row else None) or "").strip("/")
    own = store.layout.cgroup(container_id)
    return f"/{parent}{own}" if parent else own
