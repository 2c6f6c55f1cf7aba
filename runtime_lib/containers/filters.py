"""Which containers are meant: the filters of `docker ps`, and of everything that lists containers."""

from __future__ import annotations

from .. import conditions
from ..errors import InvalidSpec
from ..store import Store
from . import catalog
from .catalog import Container
from .summary import Summaries

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ..conditions import Conditions
    from ..monitor.state import State

    Test = Callable[[Summaries, Container, State, list[str]], bool]

_ALIVE = ("running", "paused", "restarting")
_STATES = ("created", "restarting", "running", "removing", "paused", "exited", "dead")
_HEALTH = ("starting", "healthy", "unhealthy", "none")


def matching(
    summaries: Summaries, given: Conditions, everything: bool = True, limit: int = 0
) -> list[tuple[Container, State]]:
    """Return containers with their states, the newest first, at most `limit` (0: all of them).

    Without `everything`, only those that run, unless the conditions ask for a `status`. Raises InvalidSpec,
    ContainerNotFound for a `before` or `since` that is not there.
    """
    store = summaries.store
    conditions.check(given, (*_TESTS, "name", "label"), "containers")
    _check_values(given)
    given = _resolved(store, given)
    everything = everything or "status" in given or limit > 0
    found: list[tuple[Container, State]] = []
    for container in catalog.listing(store):
        state = catalog.state(store, container)
        if (everything or state.status in _ALIVE) and _matches(summaries, container, state, given):
            found.append((container, state))
            if len(found) == limit:
                break
    return found


def _check_values(given: Conditions) -> None:
    for key, allowed in (("status", _STATES), ("health", _HEALTH)):
        for value in given.get(key, ()):
            if value not in allowed:
                raise InvalidSpec(f"filter {key}: {value!r} is none of {', '.join(allowed)}")
    for value in given.get("exited", ()):
        if not value.lstrip("-").isdigit():
            raise InvalidSpec(f"filter exited: {value!r} is not a whole number")


def _resolved(store: Store, given: Conditions) -> dict[str, list[str]]:
    """Put moments and image ids in place of the containers and images that conditions name."""
    from ..images import catalog as images

    result = {key: list(values) for key, values in given.items()}
    for key in ("before", "since"):
        if key in result:
            result[key] = [str(catalog.find(store, value).created) for value in result[key]]
    if "ancestor" in result:
        result["ancestor"] = [images.resolve(store, value) or "" for value in result["ancestor"]]
    return result


def _matches(summaries: Summaries, container: Container, state: State, given: Conditions) -> bool:
    if not conditions.matches(f"/{container.name}", _with_slash(given), "name"):
        return False
    if "label" in given and not conditions.labelled(summaries.labels(container), given):
        return False
    return all(_TESTS[key](summaries, container, state, given[key]) for key in given if key in _TESTS)


def _with_slash(given: Conditions) -> Conditions:
    """Let `^web` find /web, whose name it is, as Docker does."""
    names = [f"^/{name[1:]}" if name[:1] == "^" and name[1:2] != "/" else name for name in given.get("name", ())]
    return {"name": names} if names else {}


def _is_from(summaries: Summaries, container: Container, _state: State, values: list[str]) -> bool:
    """Also from an image that was made from it: one whose lowest layers are all of its layers."""
    from ..images import catalog as images

    for value in values:
        if value == container.image_id:
            return True
        below = images.get(summaries.store, value).layers if value else ()
        mine = summaries.image(container).layers
        if below and len(mine) > len(below) and mine[: len(below)] == below:
            return True
    return False


def _has_volume(summaries: Summaries, container: Container, _state: State, values: list[str]) -> bool:
    from .inspect_mounts import mounts

    places = mounts(summaries.store, container)
    return any(value in (entry.get("Name"), entry["Destination"]) for value in values for entry in places)


def _is_on(summaries: Summaries, container: Container, _state: State, values: list[str]) -> bool:
    networks = summaries.networks(container)
    return any(
        value in networks or any(key.startswith(value) for key in networks.values() if value and key)
        for value in values
    )


def _publishes(summaries: Summaries, container: Container, state: State, values: list[str]) -> bool:
    ports = {
        (entry["PublicPort"], entry["Type"]) for entry in summaries.ports(container, state) if "PublicPort" in entry
    }
    return any(not ports.isdisjoint(_ports(value, "publish")) for value in values)


def _exposes(summaries: Summaries, container: Container, state: State, values: list[str]) -> bool:
    ports = {(entry["PrivatePort"], entry["Type"]) for entry in summaries.ports(container, state)}
    return any(not ports.isdisjoint(_ports(value, "expose")) for value in values)


def _ports(text: str, key: str) -> set[tuple[int, str]]:
    numbers, _slash, protocol = text.partition("/")
    first, _dash, last = numbers.partition("-")
    if not first.isdigit() or not (last or first).isdigit() or int(last or first) > 65535:
        raise InvalidSpec(f"filter {key}: {text!r} is not a port such as 80, 80/tcp or 8000-8080/tcp")
    return {(number, protocol or "tcp") for number in range(int(first), int(last or first) + 1)}


def _ended_with(_summaries: Summaries, _container: Container, state: State, values: list[str]) -> bool:
    return state.status == "exited" and state.started > 0 and str(state.exit_code) in values


_TESTS: dict[str, Test] = {
    "ancestor": _is_from,
    "before": lambda _all, container, _state, values: container.created < min(map(int, values)),
    "exited": _ended_with,
    "expose": _exposes,
    "health": lambda summaries, container, state, values: summaries.health(container, state) in values,
    "id": lambda _all, container, _state, values: any(container.id.startswith(value) for value in values),
    "network": _is_on,
    "publish": _publishes,
    "since": lambda _all, container, _state, values: container.created > max(map(int, values)),
    "status": lambda _all, _container, state, values: state.status in values,
    "volume": _has_volume,
}
