"""Layers: unpacked trees, found by their chain id.

A layer is unpacked under tmp/, written out, renamed to its place, and only then gets its row: what has no row does not
count, and `collect` removes it.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import time
from contextlib import contextmanager
from dataclasses import dataclass

from ..errors import CorruptData
from ..linux import libc, trees
from . import digest, extract
from .stream import LayerStream
from .tarreader import TarReader

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import BinaryIO

    from ..store import Store

_PREFIX = "image-"
_PATIENCE = 3600.0  # seconds; another task may be unpacking gigabytes


@dataclass(frozen=True)
class Layer:
    """One layer on top of its parents; `size` is the bytes of its regular files."""

    chain_id: str
    diff_id: str
    parent: str | None
    folder: str
    size: int


def find(store: Store, chain_id: str) -> Layer | None:
    """Return a layer, or None when it is not there."""
    row = store.row("SELECT chain_id, diff_id, parent, folder, size FROM layers WHERE chain_id = ?", (chain_id,))
    return Layer(*row) if row else None


def folders(store: Store, chain_ids: Sequence[str]) -> list[str]:
    """Return the folders of layers given from the lowest to the top one, top first, as overlayfs wants them."""
    result = []
    for chain_id in reversed(chain_ids):
        layer = find(store, chain_id)
        if layer is None:
            raise CorruptData(f"the store has lost layer {chain_id}; load its image again")
        result.append(f"{store.layout.layers}/{layer.folder}")
    return result


def import_tar(store: Store, file: BinaryIO, parent: str | None, expected: str | None = None) -> Layer:
    """Unpack a layer's tar (plain or compressed) on top of the chain `parent`; return the layer.

    Nothing is read when `expected` is given, the digest that its uncompressed bytes must have, and it is there already.
    Raises CorruptData when the archive is damaged, unsafe, or not the expected one; then nothing is left of it.
    """
    if expected is None:
        return _unpack(store, file, parent, None)
    chain_id = digest.chain(parent, digest.check(expected, "diff_id"))
    present = find(store, chain_id)
    if present:
        return present
    with store.lock("layer", chain_id[7:], _PATIENCE):
        return find(store, chain_id) or _unpack(store, file, parent, expected)


def _unpack(store: Store, file: BinaryIO, parent: str | None, expected: str | None) -> Layer:
    with scratch(store) as work:
        tree = f"{work}/tree"
        os.mkdir(tree, 0o755)
        os.chmod(tree, 0o755)
        stream = LayerStream(file)
        size = extract.layer(TarReader(stream), tree)
        if expected not in (None, stream.diff_id):
            raise CorruptData(f"a layer should have the digest {expected}, but has {stream.diff_id}")
        return _install(store, tree, stream.diff_id, parent, size)


def _install(store: Store, tree: str, diff_id: str, parent: str | None, size: int) -> Layer:
    """Make a finished tree the layer's folder."""
    chain_id = digest.chain(parent, diff_id)
    layer = Layer(chain_id, diff_id, parent, digest.folder_name(chain_id), size)
    descriptor = os.open(tree, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        libc.syncfs(descriptor)
    finally:
        os.close(descriptor)
    with store.lock("layers", "install"):
        present = find(store, chain_id)
        if present:
            return present
        place = f"{store.layout.layers}/{layer.folder}"
        if os.path.lexists(place):
            os.rename(place, f"{tree}-leftover")  # of a killed process: it has no row
        os.rename(tree, place)
        with store.transaction() as db:
            db.execute(
                "INSERT INTO layers VALUES (?, ?, ?, ?, ?, ?)",
                (chain_id, diff_id, parent, layer.folder, size, time.time_ns()),
            )
    return layer


@contextmanager
def scratch(store: Store) -> Iterator[str]:
    """Give an empty folder under tmp/ that is removed at the end, or by `collect` when this process is killed."""
    path = f"{store.layout.temporary}/{_PREFIX}{secrets.token_hex(8)}"
    with store.lock("layers", "install"):
        os.mkdir(path, 0o700)
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        fcntl.flock(descriptor, fcntl.LOCK_EX)  # says that its owner is alive
    try:
        yield path
    finally:
        _remove(path)
        os.close(descriptor)


def _remove(path: str) -> None:
    parent, name = os.path.split(path)
    descriptor = os.open(parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        trees.remove_tree(descriptor, name)
    finally:
        os.close(descriptor)
