"""Wait until a container is well."""

from __future__ import annotations

import time

from ..errors import Busy, WrongState

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..store import Store

_PAUSE = 0.1  # seconds between two looks


def wait(store: Store, name: str, timeout: float) -> None:
    """Return when the health check of a container passes, at once when it has none; `timeout` up to 0 is no limit.

    Raises Busy after `timeout` seconds, WrongState when the container does not run any more.
    """
    from ..containers.inspect import inspect

    deadline = time.monotonic() + timeout if timeout > 0 else None
    while not healthy(inspect(store, name)["State"], name):
        if deadline is not None and time.monotonic() > deadline:
            raise Busy(f"container {name} is not healthy after {timeout:g} seconds; see its log for the reason")
        time.sleep(_PAUSE)


def healthy(state: dict[str, Any], name: str) -> bool:
    """Whether it is well, by the `State` of its inspect document. Raises WrongState when it has ended. Pure."""
    health = state.get("Health")
    if not health or health.get("Status") in (None, "", "none", "healthy"):
        return True
    if state.get("Status") not in ("running", "restarting", "paused"):
        raise WrongState(f"container {name} is {state.get('Status')}, so it will not become healthy")
    return False
