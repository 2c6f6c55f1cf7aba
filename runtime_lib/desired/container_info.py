"""The `container_info` module's work."""

from __future__ import annotations

from ..conditions import from_option
from ..containers.filters import matching
from ..containers.inspect import inspect
from ..containers.summary import Summaries
from ..errors import ContainerNotFound
from .plan import Outcome

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..store import Store


def perform(store: Store, options: dict[str, Any], _check: bool) -> Outcome:
    """Return what there is of one container, of several, or of all that filters pick."""
    if options["name"] is not None:
        found = _inspected(store, [options["name"]])
        return Outcome({"exists": bool(found), "container": found[0] if found else None, "containers": found})
    names = options["names"]
    if names is None:
        picked = matching(Summaries(store), from_option(options["filters"]))
        names = [container.id for container, _state in picked]
    found = _inspected(store, names)
    return Outcome({"exists": len(found) == len(names) and bool(found), "containers": found})


def _inspected(store: Store, names: list[str]) -> list[dict[str, Any]]:
    """Return those that are there; one may be removed just now."""
    found = []
    for name in names:
        try:
            found.append(inspect(store, name))
        except ContainerNotFound:
            continue
    return found
