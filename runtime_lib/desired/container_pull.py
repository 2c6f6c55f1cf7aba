"""The image of a `container` task, where it comes from a registry."""

from __future__ import annotations

from ..images import catalog, digest, reference
from ..records import replace
from .container_views import ImageFacts
from .plan import Plan
from .registry_steps import Pull

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..store import Store
    from .container_facts import Facts
    from .container_wish import Wish


def plan(store: Store, wish: Wish, check: bool) -> Plan:
    """Return the pull that a task needs before its container is looked at; the registry is asked with `pull: always`.

    In check mode it is asked only where the task wants that, with `pull_check_mode_behavior: always`.
    """
    if wish.state == "absent" or not wish.image or wish.pull == "never" or digest.valid(wish.image):
        return Plan()
    present = catalog.resolve(store, wish.image)
    if present is None:
        return _plan(wish, None, None)
    if wish.pull != "always" or (check and not wish.pull_asks_in_check_mode):
        return Plan()
    from ..images.pull import outlook

    coming = outlook(store, wish.image, wish.platform)
    return Plan() if coming == present else _plan(wish, present, coming)


def _plan(wish: Wish, present: str | None, coming: str | None) -> Plan:
    ref = reference.parse(wish.image or "").familiar
    return Plan((Pull(ref, wish.platform),), {"pulled_image": present}, {"pulled_image": coming or ref})


def seen(facts: Facts, pulling: Plan) -> Facts:
    """Return the facts as they are after a pull, as far as that can be told before it. Pure."""
    coming = pulling.after.get("pulled_image")
    if facts.image is None or not digest.valid(coming) or facts.image.id == coming:
        return facts
    return replace(facts, image=ImageFacts(str(coming), facts.image.config, facts.image.platform))


def together(pulling: Plan, rest: Plan) -> Plan:
    """Return both plans as one. Pure."""
    if not pulling.steps:
        return rest
    before, after = {**pulling.before, **rest.before}, {**pulling.after, **rest.after}
    return Plan(pulling.steps + rest.steps, before, after, rest.details)
