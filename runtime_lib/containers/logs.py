"""What containers wrote."""

from __future__ import annotations

import time

from ..errors import InvalidSpec
from ..monitor import logs
from ..store import Store
from .catalog import Container, find, state
from .finish import ALIVE
from .log_options import readable

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


def _path(store: Store, container: Container) -> str:
    if not readable(container.spec):
        driver = container.spec.log_driver
        raise InvalidSpec(
            f"configured logging driver does not support reading: that of container {container.name} is {driver}"
        )
    return f"{store.layout.container(container.id)}/container.log"
