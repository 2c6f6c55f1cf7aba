"""After a boot: start what was running or is always to run."""

from __future__ import annotations

from ..errors import SkiffError
from ..store import Store
from . import reconcile
from .catalog import Container, listing, state
from .start import ranks, start

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def restore(store: Store, failed: Callable[[Container, Exception], None]) -> list[Container]:
    """Start the containers that their restart policy wants after a boot; return those that run now.

    Docker's rules: `always` starts in any case, `unless-stopped` and `on-failure` unless a user had stopped it (the
    latter only when its run was cut off). `failed` is told about each one that cannot be started; the others go on.
    """
    reconcile.reconcile(store)
    wanted = [container for container in listing(store) if _wanted(store, container)]
    started = []
    for rank in ranks(store, wanted):
        for container in rank:
            try:
                started.append(start(store, container.id))
            except (SkiffError, OSError) as error:
                failed(container, error)
    return started


def _wanted(store: Store, container: Container) -> bool:
    found = state(store, container)
    if container.phase != "ready" or found.running() or found.started == 0:
        return False
    policy = container.spec.restart_policy
    if policy == "on-failure":
        return found.exit_code != 0 and not container.stopped_by_user
    return policy == "always" or (policy == "unless-stopped" and not container.stopped_by_user)
