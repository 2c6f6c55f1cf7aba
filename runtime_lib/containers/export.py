"""A container's file system as a tar archive, as `docker export` writes it."""

from __future__ import annotations

import os

from ..images import packing
from ..store import Store
from . import events
from .catalog import find
from .view import view


def export(store: Store, ref: str, descriptor: int) -> None:
    """Write the archive of a container's tree to an open file or pipe. What is mounted in it is left out, as by Docker.

    Raises ContainerNotFound, OSError.
    """
    container = find(store, ref)
    with view(store, container, volumes=False) as root:
        top = root.open("/", os.O_RDONLY | os.O_DIRECTORY)
        try:
            for piece in packing.folder(top, "", ""):
                write(descriptor, piece)
            events.note(store, container, "export")
        finally:
            os.close(top)


def write(descriptor: int, piece: bytes) -> None:
    """Write all of a piece."""
    rest = memoryview(piece)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
