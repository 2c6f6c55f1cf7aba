"""Which volumes are meant: the filters of `docker volume ls`, and of everything that lists volumes."""

from __future__ import annotations

from .. import conditions
from ..store import Store
from . import catalog

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..conditions import Conditions
    from .model import Volume


def matching(store: Store, given: Conditions) -> list[Volume]:
    """Return volumes by name. Raises InvalidSpec."""
    conditions.check(given, ("dangling", "driver", "label", "label!", "name"), "volumes")
    dangling = conditions.truth(given, "dangling")
    used = {row["volume"] for row in store.query("SELECT DISTINCT volume FROM volume_users")}
    return [
        volume
        for volume in catalog.listing(store)
        if (dangling is None or dangling != (volume.name in used))
        and conditions.matches(volume.name, given, "name")
        and conditions.among(volume.spec.driver, given, "driver")
        and conditions.labelled(volume.spec.labels, given)
    ]
