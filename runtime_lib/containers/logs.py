"""What containers wrote."""

from __future__ import annotations

import time

from ..errors import InvalidSpec
from ..monitor import logs
from ..store import Store
from .catalog import Container, find, state
from .finish import ALIVE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..monitor.logs import Record


def read(store: Store, ref: str, tail: int | None = None, since: int = 0, until: int | None = None) -> Iterator[Record]:
    """Return what a container has written: the last `tail` records, between two times (nanoseconds since 1970)."""
    return logs.read(_path(store, find(store, ref)), tail, since, until)


def follow(
    store: Store, ref: str, tail: int | None = None, since: int = 0, until: int | None = None
) -> Iterator[Record]:
    """Return the same and then what comes, until the container has ended or `until` has passed."""
    container = find(store, ref)

    def goes_on() -> bool:
        return state(store, container).status in ALIVE and (until is None or time.time_ns() <= until)

    return logs.follow(_path(store, container), goes_on, tail, since, until)


def details(store: Store, ref: str) -> str:
    """Return the labels and variables that the log options `labels` and `env` name, as `docker logs --details` does."""
    from urllib.parse import quote_plus

    spec = find(store, ref).spec
    chosen: dict[str, str] = {}
    for option, values in (("labels", spec.labels), ("env", spec.env)):
        names = spec.log_options.get(option, "").split(",")
        chosen.update({name.strip(): values[name.strip()] for name in names if name.strip() in values})
    return ",".join(f"{quote_plus(name)}={quote_plus(value)}" for name, value in sorted(chosen.items()))


def _path(store: Store, container: Container) -> str:
    if container.spec.log_driver == "none":
        raise InvalidSpec(f"container {container.name} keeps no log: its log_driver is none")
    return f"{store.layout.container(container.id)}/container.log"
