"""A container's file system as a tar archive, as `docker export` writes it."""

from __future__ import annotations

import os

from ..images import packing
from ..linux.writing import write_all
from ..store import Store
from . import events
from .catalog import Container, find
from .view import view

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator


def export(store: Store, ref: str, descriptor: int) -> None:
    """Write the archive of a container's tree to an open file or pipe. What is mounted in it is left out, as by Docker.

    Raises ContainerNotFound, OSError.
    """
    container = find(store, ref)
    for piece in _pieces(store, container):
        write_all(descriptor, piece)
    events.note(store, container, "export")


def same(store: Store, ref: str, path: str) -> bool:
    """Whether a file of this host is already what `export` would write now. Raises ContainerNotFound, OSError."""
    pieces = _pieces(store, find(store, ref))
    try:
        with open(path, "rb") as file:
            return all(file.read(len(piece)) == piece for piece in pieces) and not file.read(1)
    except FileNotFoundError:
        return False
    finally:
        pieces.close()


def _pieces(store: Store, container: Container) -> Generator[bytes, None, None]:
    with view(store, container, volumes=False, writable=False) as root:
        top = root.open("/", os.O_RDONLY | os.O_DIRECTORY)
        try:
            yield from packing.folder(top, "", "")
        finally:
            os.close(top)
