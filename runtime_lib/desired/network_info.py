"""The `network_info` module's work."""

from __future__ import annotations

from .network import facts
from .plan import Outcome

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..store import Store


def perform(store: Store, options: dict[str, Any], _check: bool) -> Outcome:
    """Return what there is of a network."""
    told = facts(store, options["name"])
    return Outcome({"exists": told["network"] is not None, **told})
