"""Before the host goes down: end what runs, as Docker's daemon does when it ends."""

from __future__ import annotations

import time

from ..errors import SkiffError
from ..images import catalog as images
from ..store import Store
from .catalog import Container, listing, state
from .finish import ALIVE, finish, finish_session
from .stop import DEATH, announce, ended, insist, survivor
from .stopping import stop_signal, stop_timeout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ..monitor.client import Session

LIMIT = 90.0  # seconds; systemd's own patience with a service
_LOCK_PATIENCE = 5.0  # seconds; somebody who works on a container now is about to be ended as well


class _Ending:
    """A container that was asked to end, and until when it may take."""

    def __init__(self, container: Container, session: Session | None, deadline: float) -> None:
        self.container = container
        self.session = session
        self.deadline = deadline


def shutdown(store: Store, failed: Callable[[Container, Exception], None], limit: float = LIMIT) -> list[Container]:
    """End every container that runs with its own stop signal and timeout, all at the same time; return them.

    They do not count as stopped by the user: `restore` starts them by their restart policy. No timeout is longer than
    `limit` seconds, so that this takes at most that long and the time that killed processes take to die (30 seconds).
    `failed` is told about each one that did not end.
    """
    done: list[Container] = []
    tried: set[str] = set()
    while True:  # somebody may start one meanwhile
        running = [one for one in listing(store) if one.id not in tried and state(store, one).status in ALIVE]
        if not running:
            return done
        tried.update(container.id for container in running)
        done += _end_all(store, running, failed, limit)


def _end_all(
    store: Store, containers: list[Container], failed: Callable[[Container, Exception], None], limit: float
) -> list[Container]:
    endings = []
    for container in containers:
        try:
            endings.append(_begin(store, container, limit))
        except (SkiffError, OSError) as error:
            failed(container, error)
    endings.sort(key=lambda ending: ending.deadline)
    killed = [ending for ending in endings if not _over(store, ending, ending.deadline)]
    for ending in killed:
        insist(store, ending.container)
    last = time.monotonic() + DEATH
    done = []
    for ending in endings:
        try:
            if ending in killed and not _over(store, ending, last):
                raise survivor(store, ending.container)
            _finish(store, ending)
            done.append(ending.container)
        except (SkiffError, OSError) as error:
            failed(ending.container, error)
    return done


def _begin(store: Store, container: Container, limit: float) -> _Ending:
    number = stop_signal(container, images.known(store, container.image_id))
    own = stop_timeout(container)
    session = announce(store, container, number, by_user=False, patience=_LOCK_PATIENCE)
    return _Ending(container, session, time.monotonic() + (limit if own < 0 else min(own, limit)))


def _over(store: Store, ending: _Ending, deadline: float) -> bool:
    return ended(store, ending.container, ending.session, max(0.0, deadline - time.monotonic()))


def _finish(store: Store, ending: _Ending) -> None:
    if ending.session is None:
        finish(store, ending.container)
    else:
        finish_session(store, ending.container, ending.session)
