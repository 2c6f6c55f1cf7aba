"""The content of a volume as a tar archive: made, and compared with one that is there."""

from __future__ import annotations

import hashlib
import os
from contextlib import ExitStack, contextmanager

from ..errors import CorruptData, WrongState
from ..images import compression, compressor, packing
from ..volumes import catalog
from . import verbs, volume_content
from .catalog import find, state

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from ..store import Store

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def backup(store: Store, name: str, descriptor: int, kind: str = "none", pause: bool = False) -> None:
    """Write the archive of a volume, compressed as `kind` (see `compressor.KINDS`), to an open file or pipe.

    Owners, modes, times, extended attributes, hard links, devices and holes are kept. With `pause` the running
    containers that have the volume stand still meanwhile: so it holds what a power cut at one moment would have left,
    which is what databases can start from. Raises VolumeNotFound, InvalidSpec, HostLacks, OSError.
    """
    volume = catalog.find(store, name)
    with ExitStack() as stack:
        folder = stack.enter_context(volume_content.used(store, volume))
        write = stack.enter_context(compressor.writing(descriptor, kind))
        stack.enter_context(_still(store, volume.name, pause))
        for piece in pieces(folder):
            write(piece)


def digest(store: Store, name: str, holes: bool = True) -> str:
    """Return the SHA-256 of what `backup` would write now without compression.

    File systems differ in which zeros they leave out: with `holes=False` all are there, so two hosts say the same.
    Raises VolumeNotFound, OSError.
    """
    total = hashlib.sha256()
    with volume_content.used(store, catalog.find(store, name)) as folder:
        for piece in pieces(folder, holes):
            total.update(piece)
    return total.hexdigest()


def same(store: Store, name: str, path: str) -> bool:
    """Whether a file of this host holds, in any compression, what `backup` would write now. Raises as it does."""
    with volume_content.used(store, catalog.find(store, name)) as folder:
        made = pieces(folder)
        try:
            with open(path, "rb") as file, compression.opened(lambda: file.read(compression.PIECE)) as stored:
                return equal(made, stored)
        except (FileNotFoundError, CorruptData):
            return False
        finally:
            made.close()


def pieces(folder: str, holes: bool = True) -> Generator[bytes, None, None]:
    """Yield the archive of a folder of the host, whose own owner and mode are those of the member `./`."""
    descriptor = os.open(folder, _FOLDER)
    try:
        yield from packing.folder(descriptor, "./", "./", sparse=holes)
    finally:
        os.close(descriptor)


def equal(one: Iterator[bytes], other: Iterator[bytes]) -> bool:
    """Whether two streams are the same bytes, whatever pieces they come in."""
    left = right = b""
    while True:
        left, right = left or _next(one), right or _next(other)
        if not left or not right:
            return left == right
        length = min(len(left), len(right))
        if left[:length] != right[:length]:
            return False
        left, right = left[length:], right[length:]


def _next(pieces: Iterator[bytes]) -> bytes:
    return next((bytes(piece) for piece in pieces if piece), b"")


@contextmanager
def _still(store: Store, name: str, wanted: bool) -> Iterator[None]:
    """Pause the running containers that have a volume for a block; those that are paused already stay so."""
    with ExitStack() as paused:
        for user in catalog.users(store, name) if wanted else ():
            if state(store, find(store, user)).status == "running":
                _pause(store, user, paused)
        yield


def _pause(store: Store, user: str, paused: ExitStack) -> None:
    try:
        verbs.pause(store, user)
    except WrongState:
        return  # it has ended meanwhile
    paused.callback(verbs.unpause, store, user)
