"""What the end of a boot may have left: done once per boot, before anything is made.

`auto_remove` containers end with the boot, as Docker has it. So making and removing them waits for no disk, and what a
power cut keeps of them does not count: a row without files, or files without a row.
"""

from __future__ import annotations

import os

from ..images.layers import collect
from ..store import Store
from .catalog import listing, state

_HEX = set("0123456789abcdef")
_ID_LENGTH = 64


def sweep(store: Store) -> None:
    """Clear away the containers that do not outlive a boot, and the folders of containers and layers without a row."""
    with store.lock("boot", "sweep"):
        if os.path.exists(store.layout.swept):
            return  # somebody was quicker
        _containers(store)
        _folders(store)
        collect(store)
        with open(store.layout.swept, "wb"):
            pass


def _containers(store: Store) -> None:
    from .reconcile import erase

    for container in listing(store):
        if container.spec.auto_remove and not state(store, container).running():
            with store.lock("container", container.id):
                erase(store, container.id)


def _folders(store: Store) -> None:
    from ..volumes.catalog import sweep_folders
    from .reconcile import remove_folder

    parent = f"{store.layout.root}/containers"
    found = [name for name in os.listdir(parent) if len(name) == _ID_LENGTH and set(name) <= _HEX]
    known = {row["id"] for row in store.query("SELECT id FROM containers")}  # later: a row is older than its folder
    for name in set(found) - known:
        remove_folder(parent, name)
    sweep_folders(store)
