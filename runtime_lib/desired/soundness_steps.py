"""The steps that put a damaged store right."""

from __future__ import annotations

from ..records import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..store import Store


@dataclass(frozen=True)
class MarkLayer:
    """Let a damaged layer count as lost: whoever gets its image again makes it anew."""

    chain_id: str

    def describe(self) -> str:
        """Return words for people."""
        return f"let layer {self.chain_id} count as lost"

    def action(self) -> dict[str, Any]:
        """Return the same for programs."""
        return {"marked_layer": self.chain_id}

    def apply(self, store: Store) -> None:
        """Do it."""
        from ..images.damaged import mark

        mark(store, self.chain_id)


@dataclass(frozen=True)
class RemoveImage:
    """Remove a damaged image that no container uses."""

    image_id: str
    name: str

    def describe(self) -> str:
        """Return words for people."""
        return f"remove image {self.name}"

    def action(self) -> dict[str, Any]:
        """Return the same for programs."""
        return {"removed_image": self.image_id}

    def apply(self, store: Store) -> None:
        """Do it, unless a container has come to use it meanwhile."""
        from ..images.catalog import discard

        discard(store, self.image_id)


@dataclass(frozen=True)
class Collect:
    """Remove the files of layers that no row knows."""

    path: str

    def describe(self) -> str:
        """Return words for people."""
        return f"remove {self.path}"

    def action(self) -> dict[str, Any]:
        """Return the same for programs."""
        return {"removed_file": self.path}

    def apply(self, store: Store) -> None:
        """Do it, with all others of its kind, unless somebody unpacks a layer now."""
        from ..images.layers import collect

        collect(store)


@dataclass(frozen=True)
class RemoveContainer:
    """Remove a container that can never start again, with all that it has written."""

    container_id: str
    name: str

    def describe(self) -> str:
        """Return words for people."""
        return f"remove container {self.name}"

    def action(self) -> dict[str, Any]:
        """Return the same for programs."""
        return {"removed_container": self.container_id}

    def apply(self, store: Store) -> None:
        """Do it; its volumes stay."""
        from ..containers.remove import remove

        remove(store, self.container_id, force=True)


@dataclass(frozen=True)
class RemoveFolder:
    """Remove the files of a container that no row knows."""

    parent: str
    name: str

    def describe(self) -> str:
        """Return words for people."""
        return f"remove {self.parent}/{self.name}"

    def action(self) -> dict[str, Any]:
        """Return the same for programs."""
        return {"removed_file": f"{self.parent}/{self.name}"}

    def apply(self, store: Store) -> None:
        """Do it, unless a container of this id has come to be."""
        from ..containers.reconcile import remove_folder

        with store.lock("container", self.name):
            if store.row("SELECT 1 FROM containers WHERE id = ?", (self.name,)) is None:
                remove_folder(self.parent, self.name)


@dataclass(frozen=True)
class DeleteRow:
    """Delete a row that refers to something that does not exist."""

    table: str
    rowid: int
    what: str

    def describe(self) -> str:
        """Return words for people."""
        return f"forget {self.what}"

    def action(self) -> dict[str, Any]:
        """Return the same for programs."""
        return {"deleted_row": [self.table, self.rowid]}

    def apply(self, store: Store) -> None:
        """Do it."""
        with store.transaction(durable=True) as db:
            db.execute(f"DELETE FROM {self.table} WHERE rowid = ?", (self.rowid,))
