"""The `image_tag` module's work."""

from __future__ import annotations

from ..errors import InvalidSpec
from ..images import catalog, digest
from ..images.inspect import describe
from .image_steps import Tag
from .image_wish import full_name
from .plan import Outcome, Plan, converge

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..store import Store


def perform(store: Store, options: dict[str, Any], check: bool) -> Outcome:
    """Give an image more names; with `check`, only say which it would get. Raises ImageNotFound."""
    ref = full_name(options["name"], options["tag"])
    names = new_names(options["repository"], options["tag"])
    image_id = catalog.find(store, ref).id
    owners = {name: catalog.resolve(store, name) for name in names}
    steps = plan(image_id, owners, options["existing_images"] == "keep")
    if not check:
        converge(store, steps)
    tagged = [step.name for step in steps.steps if isinstance(step, Tag)]
    facts = {"image": describe(store, catalog.get(store, image_id)), "tagged_images": tagged}
    return Outcome(facts, steps, steps.changed)


def new_names(repositories: list[str], tag: str) -> tuple[str, ...]:
    """Return each name once, with its tag. Raises InvalidSpec for an id or a digest. Pure."""
    for name in repositories:
        if digest.valid(name) or "@" in name:
            raise InvalidSpec(f"repository: {name!r} is no name that an image can be given; use NAME or NAME:TAG")
    return tuple(dict.fromkeys(full_name(name, tag) for name in repositories))


def plan(image_id: str, owners: dict[str, str | None], keep: bool) -> Plan:
    """Return the steps; `owners` are the ids that the names have now. Pure."""
    steps = [
        Tag(image_id, name)
        for name, owner in owners.items()
        if owner != image_id and not (keep and owner)
    ]  # fmt: skip
    if not steps:
        return Plan()
    given = {step.name for step in steps}
    return Plan(tuple(steps), _shown(owners), _shown({**owners, **dict.fromkeys(given, image_id)}))


def _shown(owners: dict[str, str | None]) -> dict[str, Any]:
    found = ((name, {"id": owner} if owner else {"exists": False}) for name, owner in owners.items())
    return {"images": [{"name": name, **state} for name, state in found]}
