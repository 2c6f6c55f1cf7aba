"""The program that a monitor becomes when its container has ended and nobody waits for it."""

from __future__ import annotations

import sys

from ..errors import ContainerNotFound, NewerData
from ..jsontext import compact, parse
from ..paths import Layout
from ..store import Store, write_file
from .catalog import find
from .finish import finish


def main() -> None:
    """Clean up after the container of the arguments: root, run folder, id. One that is gone needs nothing."""
    root, run, container_id = sys.argv[2:5]
    layout = Layout(root, run)
    try:
        store = Store(layout)
        finish(store, find(store, container_id))
    except ContainerNotFound:
        return
    except NewerData as error:
        _tell(f"{layout.bundle(container_id)}/state.json", f"nothing of this run was given back: {error}")


def _tell(path: str, sentence: str) -> None:
    """Have `inspect` say it: nobody reads what this process writes. `start`, `stop` and `rm` give back what is left."""
    with open(path, "rb") as file:
        values = parse(file.read().decode())
    write_file(path, compact({**values, "error": sentence}).encode())
