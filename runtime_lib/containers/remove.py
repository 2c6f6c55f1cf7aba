"""Remove containers."""

from __future__ import annotations

from ..errors import WrongState
from ..store import Store
from . import reconcile
from .catalog import Container, find, state


def remove(store: Store, ref: str, force: bool = False, volumes: bool = False) -> None:
    """Remove a container, with `volumes` also its anonymous volumes.

    One that runs is killed first with `force`; without it WrongState is raised.
    """
    container = find(store, ref)
    if force:
        _end(store, container)
    with store.lock("container", container.id):
        status = state(store, container).status
        if status in ("running", "paused", "restarting"):
            raise WrongState(f"container {container.name} is {status}; stop it first, or remove it with force")
        reconcile.erase(store, container.id, volumes)


def _end(store: Store, container: Container) -> None:
    if state(store, container).status in ("running", "paused", "restarting"):
        from .stop import kill_for_good

        kill_for_good(store, container)
