"""The `container_info` module's work."""

from __future__ import annotations

from ..containers.inspect import inspect
from ..errors import ContainerNotFound
from .plan import Outcome

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..store import Store


def perform(store: Store, options: dict[str, Any], _check: bool) -> Outcome:
    """Return what there is of a container."""
    try:
        return Outcome({"exists": True, "container": inspect(store, options["name"])})
    except ContainerNotFound:
        return Outcome({"exists": False, "container": None})
