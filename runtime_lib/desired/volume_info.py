"""The `volume_info` module's work."""

from __future__ import annotations

from ..errors import VolumeNotFound
from ..volumes import catalog
from .plan import Outcome

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..store import Store


def perform(store: Store, options: dict[str, Any], _check: bool) -> Outcome:
    """Return what there is of a volume."""
    try:
        return Outcome({"exists": True, "volume": catalog.inspect(store, options["name"])})
    except VolumeNotFound:
        return Outcome({"exists": False, "volume": None})
