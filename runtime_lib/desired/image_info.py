"""The `image_info` module's work."""

from __future__ import annotations

from ..images import catalog
from ..images.inspect import describe
from .plan import Outcome

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..store import Store


def perform(store: Store, options: dict[str, Any], _check: bool) -> Outcome:
    """Return what there is of the named images, or of all."""
    if not options["name"]:
        return Outcome({"images": [describe(store, image) for image in catalog.listing(store)]})
    ids = [image_id for image_id in (catalog.resolve(store, name) for name in options["name"]) if image_id]
    return Outcome({"images": [describe(store, catalog.get(store, image_id)) for image_id in ids]})
