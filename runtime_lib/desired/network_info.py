"""The `network_info` module's work."""

from __future__ import annotations

from ..errors import NetworkNotFound
from ..networks import catalog
from .plan import Outcome

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..store import Store


def perform(store: Store, options: dict[str, Any], _check: bool) -> Outcome:
    """Return what there is of a network."""
    try:
        return Outcome({"exists": True, "network": catalog.inspect(store, options["name"])})
    except NetworkNotFound:
        return Outcome({"exists": False, "network": None})
