"""Give back what a run has taken: processes, cgroup, ports, addresses, the run folder."""

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
    group = cgroup(store, container_id)
    if group.pids():
        group.kill()
    group.remove()
    Cgroup(detect(), f"/{store.layout.label}/monitors").remove_if_empty()
    disconnect(store, container_id)
    if os.path.lexists(store.layout.bundle(container_id)):
        from .reconcile import remove_folder

        remove_folder(f"{store.layout.run}/containers", container_id)


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
    return Cgroup(detect(), store.layout.cgroup(container_id))
