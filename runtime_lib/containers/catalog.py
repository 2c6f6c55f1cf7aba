"""The containers that exist."""

from __future__ import annotations

from ..errors import ContainerNotFound, CorruptData, InvalidSpec, NewerData
from ..jsontext import parse
from ..records import dataclass
from ..store import Store
from .spec import ContainerSpec, newer_settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3

    from ..monitor.state import State

_HEX = set("0123456789abcdef")


@dataclass(frozen=True)
class Container:
    """One row. `phase` is "ready", or "creating" or "removing" while (or after) somebody did not get to the end."""

    id: str
    name: str
    image_id: str
    spec: ContainerSpec
    phase: str
    stopped_by_user: bool
    created: int
    newer: tuple[str, ...] = ()  # settings that only a newer version of this library knows
    damaged: bool = False  # its settings are lost: `spec` is an empty one

    def check_known(self) -> None:
        """Raise NewerData or CorruptData when a container of `spec` would be another one than was asked for."""
        if self.damaged:
            raise CorruptData(
                f"container {self.name} is damaged: its settings cannot be read; copy out what you need, then remove it"
                " and create it anew"
            )
        if self.newer:
            raise NewerData(
                f"container {self.name} has settings that only a newer Skiff knows ({', '.join(self.newer)}):"
                " use the newer release, or remove the container and create it anew"
            )


def find(store: Store, ref: str) -> Container:
    """Return the container of this name, id or unique beginning of an id. Raises ContainerNotFound, InvalidSpec."""
    name = ref[1:] if ref.startswith("/") else ref
    row = store.row("SELECT * FROM containers WHERE id = ? OR name = ? ORDER BY id = ? DESC", (name, name, name))
    if row is None and name and set(name) <= _HEX:
        rows = store.query("SELECT * FROM containers WHERE id GLOB ? LIMIT 2", (f"{name}*",))
        if len(rows) > 1:
            raise InvalidSpec(f"{ref!r} is the beginning of more than one container's id: give more of it, or the name")
        row = rows[0] if rows else None
    if row is None or row["phase"] == "creating":
        raise ContainerNotFound(f"there is no container {ref!r}")
    return from_row(row)


def listing(store: Store) -> list[Container]:
    """Return all containers, the newest first."""
    rows = store.query("SELECT * FROM containers WHERE phase != 'creating' ORDER BY created DESC, id")
    return [from_row(row) for row in rows]


def state(store: Store, container: Container) -> State:
    """Return what is known of the last run of a container, or of the present one."""
    from ..monitor.state import read

    layout = store.layout
    return read(layout.bundle(container.id), layout.container(container.id))


def from_row(row: sqlite3.Row) -> Container:
    """Return the container of a row of the table `containers`, also of a damaged one."""
    values = (row["id"], row["name"], row["image_id"])
    state = (row["phase"], bool(row["stopped_by_user"]), row["created"])
    try:
        stored = parse(row["spec"])
        return Container(*values, ContainerSpec.from_json(stored), *state, newer_settings(stored))
    except (ValueError, TypeError, AttributeError, CorruptData):
        return Container(*values, ContainerSpec(row["name"], row["image_id"]), *state, (), True)
