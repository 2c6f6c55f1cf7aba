"""The program that a monitor becomes when its container has ended and nobody waits for it."""

from __future__ import annotations

import sys

from ..errors import ContainerNotFound
from ..paths import Layout
from ..store import Store
from .catalog import find
from .finish import finish


def main() -> None:
    """Clean up after the container of the arguments: root, run folder, id. One that is gone needs nothing."""
    root, run, container_id = sys.argv[2:5]
    store = Store(Layout(root, run))
    try:
        finish(store, find(store, container_id))
    except ContainerNotFound:
        return
