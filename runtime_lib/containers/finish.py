"""What is done when a container has ended for good."""

from __future__ import annotations

from ..store import Store
from .catalog import Container, state

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..monitor.client import Session

ALIVE = ("running", "paused", "restarting")


def finish(store: Store, container: Container, remove: bool = True) -> None:
    """Give back what the run had taken; an `auto_remove` container is removed, unless `remove` is False.

    Does nothing when somebody has started or removed it meanwhile.
    """
    from . import reconcile, release

    with store.lock("container", container.id):
        if not store.row("SELECT 1 FROM containers WHERE id = ?", (container.id,)):
            return
        if state(store, container).status in ALIVE:
            return
        if container.spec.auto_remove and remove:
            reconcile.erase(store, container.id)
        else:
            release.release(store, container.id)


def finish_session(store: Store, container: Container, session: Session, remove: bool = True) -> None:
    """Do the same for a run whose monitor waits for us (`own_cleanup`), and let the monitor go."""
    finish(store, container, remove)
    session.release()
