"""Wait until a container is well."""

from __future__ import annotations

import time

from ..errors import Busy, WrongState

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..containers.catalog import Container
    from ..store import Store

_PAUSE = 0.5  # seconds before a new look at a container that its monitor does not speak for: it is just (re)starting


def wait(store: Store, name: str, timeout: float) -> None:
    """Return when the health check of a container passes, at once when it has none; `timeout` up to 0 is no limit.

    Raises Busy after `timeout` seconds, WrongState when the container has ended.
    """
    from ..containers.catalog import find
    from ..containers.inspect import inspect

    deadline = time.monotonic() + timeout if timeout > 0 else None
    container = find(store, name)
    while not healthy(inspect(store, name)["State"], name):
        if deadline is not None and time.monotonic() > deadline:
            raise Busy(f"container {name} is not healthy after {timeout:g} seconds; see its log for the reason")
        _await_change(store, container, deadline)


def _await_change(store: Store, container: Container, deadline: float | None) -> None:
    """Return when the container is healthy or has ended, or at the deadline."""
    from ..monitor import client

    try:
        with client.connect(store.layout.bundle(container.id)) as session:
            session.watch_health()
            while session.health(None if deadline is None else max(0.0, deadline - time.monotonic())) not in (
                "healthy",
                None,
            ):
                continue
    except (FileNotFoundError, ConnectionError):
        time.sleep(_PAUSE)
    except Busy:
        return


def healthy(state: dict[str, Any], name: str) -> bool:
    """Whether it is well, by the `State` of its inspect document; without a check, whether it runs. Pure.

    Raises WrongState when it has ended.
    """
    if state.get("Status") not in ("running", "restarting", "paused"):
        raise WrongState(f"container {name} is {state.get('Status')}, so it will not become healthy")
    health = state.get("Health")
    return not health or bool(health["Status"] == "healthy")
