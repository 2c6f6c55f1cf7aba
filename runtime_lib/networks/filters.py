"""Which networks are meant: the filters of `docker network ls`, and of everything that lists networks."""

from __future__ import annotations

from .. import conditions
from ..errors import InvalidSpec
from ..store import Store
from . import catalog
from .spec import PREDEFINED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..conditions import Conditions
    from .model import Network

_KNOWN = ("dangling", "driver", "id", "label", "label!", "name", "scope", "type", "until")


def matching(store: Store, given: Conditions) -> list[Network]:
    """Return networks by name. `dangling` ones have no container, running or not; the predefined ones never are.

    Raises InvalidSpec.
    """
    conditions.check(given, _KNOWN, "networks")
    for value in given.get("type", ()):
        if value not in ("builtin", "custom"):
            raise InvalidSpec(f"filter type: {value!r} is neither builtin nor custom")
    dangling = conditions.truth(given, "dangling")
    used = users(store)
    return [
        network
        for network in catalog.listing(store)
        if conditions.matches(network.name, given, "name")
        and any(network.id.startswith(value) for value in given.get("id", [""]))
        and conditions.among(network.driver, given, "driver")
        and conditions.among("local", given, "scope")
        and conditions.among("builtin" if network.name in PREDEFINED else "custom", given, "type")
        and conditions.labelled(network.spec.labels, given)
        and conditions.created_until(network.created, given)
        and (dangling is None or dangling != (network.name in PREDEFINED or network.id in used))
    ]


def users(store: Store) -> set[str]:
    """Return the ids of the networks that a running container is on."""
    return {row["network_id"] for row in store.query("SELECT DISTINCT network_id FROM endpoints")}
