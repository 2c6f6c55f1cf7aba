"""The archive of a stored layer again, byte for byte, and what to say where its tree is damaged."""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager, suppress
from zlib import crc32

from ..errors import CorruptData
from ..linux.saferoot import SafeRoot
from . import layers, recipe, writer
from .recipe import Content

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..store import Store
    from .layers import Layer

_PIECE = 1 << 20
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY


def size(store: Store, layer: Layer) -> int:
    """Return the size of a layer's archive in bytes."""
    with _recipe(store, layer) as descriptor:
        if descriptor < 0:
            return sum(map(len, writer.pieces(_tree(store, layer))))
        return recipe.size(descriptor)


def pieces(store: Store, layer: Layer) -> Iterator[bytes]:
    """Yield a layer's archive. The caller compares its digest with the layer's: what follows is not verified.

    Raises CorruptData where the tree lacks something. An older Skiff wrote no recipes: then the archive is written
    anew, which gives the right one for layers that were made here.
    """
    with _recipe(store, layer) as descriptor:
        if descriptor < 0:
            yield from writer.pieces(_tree(store, layer))
            return
        with SafeRoot.at(_tree(store, layer)) as root:
            for part in recipe.records(descriptor):
                if isinstance(part, Content):
                    yield from _content(root, part)
                else:
                    yield part


def damage(store: Store, layer: Layer) -> str:
    """Return in words what is wrong with a layer whose archive has another digest than it should have."""
    with _recipe(store, layer) as descriptor:
        if descriptor < 0:
            return "an older Skiff stored it without what is needed to save it; remove the image and load it again"
        with SafeRoot.at(_tree(store, layer)) as root:
            for part in recipe.records(descriptor):
                if isinstance(part, Content) and _crc(root, part) != part.crc:
                    return f"/{part.path} is not as it was; remove the image and load it again"
    return "its recipe is damaged; remove the image and load it again"


@contextmanager
def _recipe(store: Store, layer: Layer) -> Iterator[int]:
    """Give an open recipe, or -1. Say of which layer damaged data is."""
    descriptor = -1
    with suppress(FileNotFoundError):
        descriptor = os.open(layers.recipe_path(store, layer), os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        yield descriptor
    except CorruptData as error:
        raise CorruptData(f"layer {layer.diff_id} in {_tree(store, layer)} is damaged: {error}") from error
    finally:
        if descriptor >= 0:
            os.close(descriptor)


def _tree(store: Store, layer: Layer) -> str:
    return f"{store.layout.layers}/{layer.folder}"


def _crc(root: SafeRoot, content: Content) -> int:
    total = 0
    for piece in _content(root, content):
        total = crc32(piece, total)
    return total


def _content(root: SafeRoot, content: Content) -> Iterator[bytes]:
    try:
        descriptor = root.open(f"/{content.path}", _FLAGS)
    except OSError as error:
        raise CorruptData(f"/{content.path}: {error.strerror}; remove the image and load it again") from error
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise CorruptData(f"/{content.path} is no file any more; remove the image and load it again")
        offset, left = content.offset, content.length
        while left:
            data = os.pread(descriptor, min(left, _PIECE), offset)
            if not data:
                raise CorruptData(f"/{content.path} is shorter than it was; remove the image and load it again")
            offset, left = offset + len(data), left - len(data)
            yield data
    finally:
        os.close(descriptor)
