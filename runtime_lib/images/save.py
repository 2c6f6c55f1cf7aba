"""Save images to an archive that Docker, Podman, skopeo and umoci read: the same images always give the same bytes."""

from __future__ import annotations

import hashlib
import queue
import threading

from ..errors import CorruptData
from ..linux.writing import write_all
from . import catalog, layers, reassembly, savedoc, tarheader, tarwriter
from .savedoc import Saved
from .tarheader import Entry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..store import Store
    from .layers import Layer
    from .selection import Selected

_CHUNK = 1 << 20
_AHEAD = 4  # chunks that may wait to be hashed


def save(store: Store, selected: Sequence[Selected], descriptor: int, without: frozenset[str] = frozenset()) -> None:
    """Write the images to an open file or pipe, from its position on.

    The layers with the diff ids `without` are left out: whoever reads the archive has them already.
    Raises CorruptData for a layer that is damaged: what was written until then must not be used.
    """
    with layers.using(store):  # a removal meanwhile takes names away, but no trees
        found = _layers(store, selected)
        sizes = {diff_id: reassembly.size(store, layer) for diff_id, layer in found.items()}
        files = savedoc.documents([_saved(store, one, sizes) for one in selected])
        for folder in ("blobs/", f"{savedoc.BLOBS}/"):
            write_all(descriptor, tarwriter.header(Entry(folder, tarheader.FOLDER, 0o755)))
        for name, data in files.items():
            write_all(descriptor, _header(name, len(data)) + data + tarwriter.padding(len(data)))
        for diff_id in sorted(found.keys() - without):
            _layer(store, found[diff_id], sizes[diff_id], descriptor)
        write_all(descriptor, tarwriter.END)


def _layers(store: Store, selected: Sequence[Selected]) -> dict[str, Layer]:
    """Return the layers of the images by their diff id: one that stands on several chains is saved once."""
    found = {}
    for one in selected:
        for chain_id in one.image.layers:
            layer = layers.get(store, chain_id)
            found[layer.diff_id] = layer
    return found


def _saved(store: Store, one: Selected, sizes: dict[str, int]) -> Saved:
    config = catalog.document(store, one.image)
    diff_ids: list[str] = one.image.config["rootfs"]["diff_ids"]
    return Saved(one.names, config, tuple((diff_id, sizes[diff_id]) for diff_id in diff_ids))


def _header(name: str, size: int) -> bytes:
    return tarwriter.header(Entry(name, tarheader.REGULAR, 0o644, size))


def _layer(store: Store, layer: Layer, size: int, descriptor: int) -> None:
    write_all(descriptor, _header(savedoc.blob(layer.diff_id), size))
    written = 0
    with _Hashing() as total:
        for chunk in _chunks(reassembly.pieces(store, layer)):
            total.update(chunk)
            write_all(descriptor, chunk)
            written += len(chunk)
    if total.digest != layer.diff_id or written != size:
        raise CorruptData(f"layer {layer.diff_id} is damaged: {reassembly.damage(store, layer)}")
    write_all(descriptor, tarwriter.padding(size))


def _chunks(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the same bytes in few large pieces."""
    waiting: list[bytes] = []
    length = 0
    for piece in pieces:
        waiting.append(piece)
        length += len(piece)
        if length >= _CHUNK:
            yield b"".join(waiting)
            waiting, length = [], 0
    yield b"".join(waiting)


class _Hashing:
    """The digest of what is given to `update`, known after the block: hashlib leaves the processor to others."""

    def __init__(self) -> None:
        self._total = hashlib.sha256()
        self._waiting: queue.Queue[bytes] = queue.Queue(_AHEAD)
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> _Hashing:
        self._thread.start()
        return self

    def __exit__(self, *_unused: object) -> None:
        self._waiting.put(b"")
        self._thread.join()

    def update(self, data: bytes) -> None:
        """Count these bytes in."""
        if data:
            self._waiting.put(data)

    def _run(self) -> None:
        while True:
            data = self._waiting.get()
            if not data:
                return
            self._total.update(data)

    @property
    def digest(self) -> str:
        """The digest of all bytes."""
        return f"sha256:{self._total.hexdigest()}"
