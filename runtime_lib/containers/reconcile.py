"""Finish what a killed process has left half-made."""

from __future__ import annotations

import os

from .. import eventlog
from ..errors import Busy
from ..jsontext import parse
from ..linux import trees
from ..store import Store

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3
    from typing import Any

_RETIRE = "UPDATE containers SET phase = 'removing' WHERE id = ? AND phase != 'removing'"


def reconcile(store: Store) -> None:
    """Clear away what creations and removals left that were killed, and mounts of volumes that nobody uses.

    Costs four queries when there is nothing.

    The first call after a boot also clears away what the last boot has left.
    """
    if not os.path.exists(store.layout.swept):
        from . import afterboot

        afterboot.sweep(store)
    from ..volumes.catalog import finish_removals, sweep_folders, unmount_unused

    rows = store.query("SELECT id, phase FROM containers WHERE phase != 'ready'")
    for row in rows:
        try:
            with store.lock("container", row["id"], patience=0.0):
                # Whoever works on it holds the lock; so nobody does. But it may be finished by now.
                if store.row("SELECT id FROM containers WHERE id = ? AND phase != 'ready'", (row["id"],)):
                    # Whoever removed it has marked its volumes, if they were to go, too.
                    erase(store, row["id"], volumes=row["phase"] == "creating")
        except Busy:
            continue
    finish_removals(store)
    unmount_unused(store)
    if rows:
        sweep_folders(store)
    if store.row("SELECT 1 FROM replacements"):
        from .replacing import recover

        recover(store)


def erase(store: Store, container_id: str, volumes: bool = True) -> None:
    """Remove everything of a container that does not run; the caller holds its lock. May be repeated.

    With `volumes` its anonymous volumes go too, unless somebody else uses them.
    """
    from ..images.layers import release as release_image
    from ..volumes.catalog import finish_removals, retire_anonymous
    from .release import release

    layout = store.layout
    row = store.row("SELECT * FROM containers WHERE id = ?", (container_id,))
    said = _attributes(store, row) if row and row["phase"] != "creating" else None
    # The row before the files: no power cut brings it back without them. See `afterboot` for `auto_remove`.
    spec = _stored(row["spec"]) if row else {}
    lasting = not spec.get("auto_remove")
    with store.transaction(durable=lasting) as db:
        db.execute(_RETIRE, (container_id,))
        if volumes:
            retire_anonymous(store, container_id)
    release(store, container_id)
    remove_folder(f"{layout.root}/containers", container_id)
    with store.transaction() as db:
        db.execute("DELETE FROM containers WHERE id = ?", (container_id,))
    if said is not None:
        eventlog.append(layout.run, "container", ("destroy",), container_id, said)
    mounted = [mount.get("image_id") for mount in spec.get("mounts", ())]
    for image_id in filter(None, [row["image_id"] if row else None, *mounted]):
        release_image(store, image_id)
    finish_removals(store)
    try:
        os.unlink(f"{layout.locks}/container-{container_id}")
    except FileNotFoundError:
        return


def _stored(text: str) -> dict[str, Any]:
    """Return the settings of a container that is to go, none of a damaged one."""
    try:
        found = parse(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _attributes(store: Store, row: sqlite3.Row) -> dict[str, str]:
    from .catalog import from_row
    from .events import attributes

    container = from_row(row)
    return {**attributes(store, container), "name": container.name}


def retire(store: Store, container_id: str) -> None:
    """Let a container and its anonymous volumes not count any more, also after a power cut: its files are free to take.

    The caller holds its lock; when that goes without `erase`, the next call erases it.
    """
    from ..volumes.catalog import retire_anonymous

    with store.transaction(durable=True) as db:
        db.execute(_RETIRE, (container_id,))
        retire_anonymous(store, container_id)


def remove_folder(parent: str, name: str) -> None:
    """Remove the tree `parent/name`, if it is there."""
    descriptor = os.open(parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        trees.remove_tree(descriptor, name)
    finally:
        os.close(descriptor)
