"""The `image_remove` module's work."""

from __future__ import annotations

from ..errors import ImageNotFound
from ..images import catalog
from ..images.inspect import describe
from .image_steps import Remove
from .image_wish import full_name
from .plan import Outcome, Plan, converge

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..images.catalog import Image, Removed
    from ..store import Store


def perform(store: Store, options: dict[str, Any], check: bool) -> Outcome:
    """Remove a name, or an image; with `check`, only say what would be gone. Raises InUse in both cases."""
    ref = full_name(options["name"], options["tag"])
    try:
        image, removed = catalog.removal(store, ref, options["force"])
    except ImageNotFound:
        return Outcome({"image": {}, "deleted": [], "untagged": []})
    document = describe(store, image)
    steps = plan(ref, image, removed, options["force"])
    if not check:
        converge(store, steps)
    deleted = [removed.deleted] if removed.deleted else []
    return Outcome({"image": document, "deleted": deleted, "untagged": list(removed.untagged)}, steps, True)


def plan(ref: str, image: Image, removed: Removed, force: bool) -> Plan:
    """Return the step, with what is before and after it. Pure."""
    left = [name for name in image.names if name not in removed.untagged]
    after = {"exists": False} if removed.deleted else {"id": image.id, "tags": left}
    return Plan((Remove(ref, force),), {"id": image.id, "tags": list(image.names)}, after)
