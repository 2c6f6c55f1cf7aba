"""The `image_history` module's work."""

from __future__ import annotations

from ..images.inspect import history
from .image_wish import full_name
from .plan import Outcome

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..store import Store


def perform(store: Store, options: dict[str, Any], _check: bool) -> Outcome:
    """Return the steps that made an image. Raises ImageNotFound."""
    return Outcome({"history": history(store, full_name(options["name"], options["tag"]))})
