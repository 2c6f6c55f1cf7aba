"""Wait for the end of a container."""

from __future__ import annotations

import time

from ..errors import Busy
from ..monitor import client
from ..store import Store
from .catalog import Container, find, state

_POLL = 0.2  # seconds; only where a monitor was killed and nobody can tell the end


def wait(store: Store, ref: str, timeout: float | None = None) -> int:
    """Return the exit code of a container once it has ended for good; at once when it does not run.

    Raises Busy when it still runs after `timeout` seconds.
    """
    container = find(store, ref)
    try:
        with client.connect(store.layout.bundle(container.id)) as session:
            return session.wait(timeout)
    except (FileNotFoundError, ConnectionError):
        return _watch(store, container, timeout)


def _watch(store: Store, container: Container, timeout: float | None) -> int:
    deadline = None if timeout is None else time.monotonic() + timeout
    while True:
        found = state(store, container)
        if found.status not in ("running", "paused", "restarting"):
            return found.exit_code
        if deadline is not None and time.monotonic() > deadline:
            raise Busy(f"container {container.name} still runs after {timeout:g} seconds")
        time.sleep(_POLL)
