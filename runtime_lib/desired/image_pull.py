"""The `image_pull` module's work."""

from __future__ import annotations

from ..errors import InvalidSpec
from ..images import catalog, digest
from ..images.inspect import describe
from .image_wish import full_name
from .plan import Outcome, Plan, converge
from .registry_steps import Pull

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..store import Store


def perform(store: Store, options: dict[str, Any], check: bool) -> Outcome:
    """Have an image as its registry has it; with `check`, only ask the registry what would come."""
    from ..images.pull import outlook

    if digest.valid(options["name"]):
        raise InvalidSpec("name: an image cannot be pulled by its id; give the name that it has in a registry")
    ref, platform = full_name(options["name"], options["tag"]), options["platform"] or ""
    present = catalog.resolve(store, ref)
    coming = present
    if options["pull"] == "always" or present is None or not _fits(store, present, platform):
        coming = outlook(store, ref, platform)
    steps = plan(ref, platform, present, coming)
    if not check:
        converge(store, steps)
    now = catalog.resolve(store, ref)
    return Outcome({"image": describe(store, catalog.get(store, now)) if now else {}}, steps, steps.changed)


def _fits(store: Store, image_id: str, platform: str) -> bool:
    from ..images.platform import asked_for

    return not platform or asked_for(platform, catalog.get(store, image_id).config)


def plan(ref: str, platform: str, present: str | None, coming: str | None) -> Plan:
    """Return the step where another image than the present one is to come. Pure."""
    if coming == present:
        return Plan()
    return Plan((Pull(ref, platform),), {"id": present} if present else {"exists": False}, {"id": coming})
