"""What containers wrote."""

from __future__ import annotations

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
    """Return the same and then what comes, until the container has ended."""
    container = find(store, ref)
    return logs.follow(_path(store, container), lambda: state(store, container).status in ALIVE, tail, since, until)


def _path(store: Store, container: Container) -> str:
    if container.spec.log_driver == "none":
        raise InvalidSpec(f"container {container.name} keeps no log: its log_driver is none")
    return f"{store.layout.container(container.id)}/container.log"
