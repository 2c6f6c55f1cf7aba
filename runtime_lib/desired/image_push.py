"""The `image_push` module's work."""

from __future__ import annotations

from ..errors import InvalidSpec
from ..images import digest
from ..images.inspect import describe
from .image_wish import full_name
from .plan import Outcome, Plan, converge
from .registry_steps import Push

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..store import Store


def perform(store: Store, options: dict[str, Any], check: bool) -> Outcome:
    """Have an image in its registry as it is here; with `check`, only ask the registry what it has."""
    from ..images.push import named, present

    if digest.valid(options["name"]):
        raise InvalidSpec("name: an image cannot be pushed by its id; give it a name with image_tag first")
    ref = full_name(options["name"], options["tag"])
    _name, image = named(store, ref)
    steps = plan(ref, image.id, present(ref))
    if not check:
        converge(store, steps)
    return Outcome({"image": describe(store, image)}, steps, steps.changed)


def plan(ref: str, image_id: str, there: str | None) -> Plan:
    """Return the step where the registry has another image, or none. Pure."""
    if image_id == there:
        return Plan()
    return Plan((Push(ref),), {"id": there} if there else {"exists": False}, {"id": image_id})
