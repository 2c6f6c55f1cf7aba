"""After a boot: start what was running or is always to run."""

from __future__ import annotations

from ..errors import SkiffError
from ..store import Store
from . import namespaces, reconcile
from .catalog import Container, find, listing, state
from .finish import ALIVE
from .start import start

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ..monitor.state import State


def restore(store: Store, failed: Callable[[Container, Exception], None]) -> list[Container]:
    """Start the containers that their restart policy wants after a boot; return those that were started.

    Each is started after those that it needs. `failed` is told about each one that cannot be started; the others go on.
    """
    reconcile.reconcile(store)
    waiting = [container for container in listing(store) if _to_start(store, container)]
    started = []
    while waiting:
        for container in _ready(store, waiting):
            waiting.remove(container)
            try:
                started.append(start(store, container.id))
            except (SkiffError, OSError) as error:
                failed(container, error)
    return started


def wanted(policy: str, retries: int, found: State, stopped_by_user: bool) -> bool:
    """Whether a container that does not run is started after a boot. Pure.

    Docker's rules at the start of its daemon (moby, restartmanager.ShouldRestart; held by tests/oracle/test_boot.py):
    "always" also when a user has stopped it, "unless-stopped" unless so, "on-failure" when its last run failed or was
    cut off (whoever ended it) and retries are left. One that has never been started stays.
    """
    if found.status in ALIVE or found.started == 0:
        return False
    if policy == "on-failure":
        return found.exit_code != 0 and (retries == 0 or found.restart_count < retries)
    return policy == "always" or (policy == "unless-stopped" and not stopped_by_user)


def _to_start(store: Store, container: Container) -> bool:
    spec = container.spec
    found = state(store, container)
    return container.phase == "ready" and wanted(
        spec.restart_policy, spec.restart_retries, found, container.stopped_by_user
    )


def _ready(store: Store, waiting: list[Container]) -> list[Container]:
    """Return those that need no other one that waits; all of them when they need each other, and the start says so."""
    ids = {container.id for container in waiting}
    return [one for one in waiting if not ids & _needs(store, one)] or list(waiting)


def _needs(store: Store, container: Container) -> set[str]:
    found = set()
    for ref in namespaces.dependencies(container.spec):
        try:
            found.add(find(store, ref).id)
        except SkiffError:
            continue  # its start will say that this one is missing
    return found
