"""Finish what a killed process has left half-made."""

from __future__ import annotations

import os

from ..errors import Busy
from ..linux import trees
from ..store import Store


def reconcile(store: Store) -> None:
    """Clear away containers whose creation or removal did not get to its end. Costs one query when there are none."""
    for row in store.query("SELECT id FROM containers WHERE phase != 'ready'"):
        try:
            with store.lock("container", row["id"], patience=0.0):
                # Whoever works on it holds the lock; so nobody does. But it may be finished by now.
                if store.row("SELECT id FROM containers WHERE id = ? AND phase != 'ready'", (row["id"],)):
                    erase(store, row["id"])
        except Busy:
            continue


def erase(store: Store, container_id: str, volumes: bool = True) -> None:
    """Remove everything of a container that does not run; the caller holds its lock. May be repeated.

    With `volumes` its anonymous volumes go too, unless somebody else uses them.
    """
    from . import attach_volumes
    from .release import release

    layout = store.layout
    with store.transaction() as db:
        db.execute("UPDATE containers SET phase = 'removing' WHERE id = ?", (container_id,))
    release(store, container_id)
    remove_folder(f"{layout.root}/containers", container_id)
    anonymous = attach_volumes.anonymous(store, container_id) if volumes else []
    with store.transaction() as db:
        db.execute("DELETE FROM containers WHERE id = ?", (container_id,))
    attach_volumes.remove(store, anonymous)
    try:
        os.unlink(f"{layout.locks}/container-{container_id}")
    except FileNotFoundError:
        return


def remove_folder(parent: str, name: str) -> None:
    """Remove the tree `parent/name`, if it is there."""
    descriptor = os.open(parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        trees.remove_tree(descriptor, name)
    finally:
        os.close(descriptor)
