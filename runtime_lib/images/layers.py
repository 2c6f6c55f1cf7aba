"""Layers: unpacked trees, found by their chain id.

A layer is unpacked under tmp/, renamed to its place, written out, and only then gets its row: what has no row does not
count, and `collect` removes it.
"""

from __future__ import annotations

import os
import time
from contextlib import contextmanager

from ..errors import Busy, CorruptData
from ..records import dataclass
from . import damaged, digest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ..store import Store
    from .stream import Readable

_PREFIX = "image-"
EMPTY = ".empty"  # a folder among the layers that adds nothing to one
# Whether a row of `containers` needs the image that is given twice: it was made from it, or mounts it.
USES = (
    "(containers.image_id = ? OR EXISTS (SELECT 1 FROM json_each("
    "CASE WHEN json_valid(containers.spec) THEN containers.spec ELSE '{}' END, '$.mounts') AS mount"
    " WHERE json_extract(mount.value, '$.image_id') = ?))"
)
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
    """Return a layer, or None when it is not there, or is known to be damaged (see `damaged`)."""
    row = store.row(
        "SELECT chain_id, diff_id, parent, folder, size FROM layers WHERE chain_id = ?"
        " AND NOT EXISTS (SELECT 1 FROM damaged_layers WHERE damaged_layers.chain_id = layers.chain_id)",
        (chain_id,),
    )
    return Layer(*row) if row else None


def get(store: Store, chain_id: str) -> Layer:
    """Return a layer that an image has. Raises CorruptData when it is lost."""
    layer = find(store, chain_id)
    if layer is None:
        raise CorruptData(f"the store has lost layer {chain_id}; get its image again")
    return layer


def created(store: Store, layer: Layer) -> int:
    """Return when a layer was made, in nanoseconds since 1970."""
    row = store.row("SELECT created FROM layers WHERE chain_id = ?", (layer.chain_id,))
    return int(row["created"]) if row else 0


def folders(store: Store, chain_ids: Sequence[str]) -> list[str]:
    """Return the folders of layers given from the lowest to the top one, top first, as overlayfs wants them."""
    return [f"{store.layout.layers}/{get(store, chain_id).folder}" for chain_id in reversed(chain_ids)]


def recipe_path(store: Store, layer: Layer) -> str:
    """Return the path of the recipe (see `recipe`) for the layer's archive; an older Skiff may have made none."""
    return f"{store.layout.recipes}/{layer.folder}"


@contextmanager
def using(store: Store) -> Iterator[None]:
    """Keep new layers from being collected until an image refers to them: around imports and `create.image`."""
    try:
        with store.lock("layers", "use", shared=True):
            yield
    finally:
        collect(store)  # what this failed, or some killed process, has left


def import_tar(
    store: Store, file: Readable, parent: str | None, expected: str | None = None, stored: str | None = None
) -> Layer:
    """Unpack a layer's tar (plain or compressed) on top of the chain `parent`; return the layer.

    `expected` is the digest that its uncompressed bytes must have, `stored` that of its bytes as they are; nothing is
    read when the expected layer is there already. Raises CorruptData when the archive is damaged, unsafe, or not the
    expected one; then nothing is left of it. Hold `using` around this and `create.image`.
    """
    if expected is None:
        with scratch(store) as work:
            layer = _unpack(file, parent, work, stored)
            with store.lock("layer", layer.chain_id[7:], _PATIENCE):
                return _install(store, work, layer)
    present = find(store, digest.chain(parent, digest.check(expected, "diff_id")))
    if present:
        return present
    with unpacked(store, file, parent, expected, stored) as install:
        return install()


@contextmanager
def unpacked(
    store: Store, file: Readable, parent: str | None, expected: str, stored: str | None = None
) -> Iterator[Callable[[], Layer]]:
    """Unpack a layer as `import_tar` does, and give what makes it count; without that call nothing is left of it.

    Raises CorruptData.
    """
    chain_id = digest.chain(parent, digest.check(expected, "diff_id"))
    with store.lock("layer", chain_id[7:], _PATIENCE):
        present = find(store, chain_id)
        if present:
            yield lambda: present
            return
        with scratch(store) as work:
            layer = _unpack(file, parent, work, stored)
            if layer.diff_id != expected:
                raise CorruptData(
                    f"a layer should have the digest {expected}, but has {layer.diff_id}; get the archive anew"
                )
            yield lambda: _install(store, work, layer)


def import_tree(store: Store, folder: str, parent: str | None) -> Layer:
    """Take over a finished overlay upper folder as a layer on top of the chain `parent`; return the layer.

    The folder is moved away; it must lie on the store's file system, and nothing may be mounted from it any more.
    Hold `using` around this and `create.image`.
    """
    from . import writer
    from .recipe import Recorder

    with scratch(store) as work:
        with Recorder(f"{work}/recipe") as recorder:
            diff_id, size = writer.measure(folder, recorder)
        chain_id = digest.chain(parent, diff_id)
        with store.lock("layer", chain_id[7:], _PATIENCE):
            os.rename(folder, f"{work}/tree")
            return _install(store, work, Layer(chain_id, diff_id, parent, digest.folder_name(chain_id), size))


def _unpack(file: Readable, parent: str | None, work: str, stored: str | None) -> Layer:
    from . import extract
    from .recording import Recording
    from .stream import LayerStream
    from .tarreader import TarReader

    tree = f"{work}/tree"
    os.mkdir(tree)
    os.chmod(tree, 0o755)
    with LayerStream(file, stored is not None) as stream:
        with Recording(work) as recording:
            size = extract.layer(TarReader(stream.read, literal=recording.literal), tree, recording)
        if stored is not None and stream.digest != stored:
            raise CorruptData(f"a layer's data should have the digest {stored}, but has {stream.digest}; get it anew")
        chain_id = digest.chain(parent, stream.diff_id)
        return Layer(chain_id, stream.diff_id, parent, digest.folder_name(chain_id), size)


def _install(store: Store, work: str, layer: Layer) -> Layer:
    """Make a finished tree with its recipe the layer, unless it is there already. The caller holds the layer's lock."""
    present = find(store, layer.chain_id)
    if present:
        return present
    damaged.check_unused(store, layer.chain_id)
    place = f"{store.layout.layers}/{layer.folder}"
    if os.path.lexists(place):
        os.rename(place, f"{work}/leftover")  # of a killed process: it has no row; or it is damaged
    os.rename(f"{work}/recipe", recipe_path(store, layer))
    os.rename(f"{work}/tree", place)
    store.write_out()  # a power cut must not leave the row without the tree, or files without their content
    with store.transaction() as db:
        db.execute(
            "INSERT INTO layers (chain_id, diff_id, parent, folder, size, created) VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (chain_id) DO UPDATE SET size = excluded.size",
            (layer.chain_id, layer.diff_id, layer.parent, layer.folder, layer.size, time.time_ns()),
        )
        db.execute("DELETE FROM damaged_layers WHERE chain_id = ?", (layer.chain_id,))
    return layer


@contextmanager
def scratch(store: Store) -> Iterator[str]:
    """Give an empty folder under tmp/ that is removed at the end, or by `collect` when this process is killed."""
    with store.lock("layers", "use", shared=True):
        path = f"{store.layout.temporary}/{_PREFIX}{os.urandom(8).hex()}"
        os.mkdir(path, 0o700)
        try:
            yield path
        finally:
            _remove(path)


def keep(store: Store, chain_ids: Sequence[str], seconds: float) -> None:
    """Keep those of these layers that are there for some time, also without an image; no more with 0 seconds."""
    until = time.time_ns() + int(seconds * 1e9)
    with store.transaction() as db:
        for chain_id in chain_ids:
            if not seconds:
                db.execute("DELETE FROM kept_layers WHERE chain_id = ?", (chain_id,))
            elif find(store, chain_id):
                db.execute("INSERT OR REPLACE INTO kept_layers (chain_id, until) VALUES (?, ?)", (chain_id, until))


def collect(store: Store) -> None:
    """Remove what nothing refers to (layers, removed images without containers), and what killed processes left.

    Nothing happens while somebody imports: whoever does calls this at its end.
    """
    try:
        with store.lock("layers", "use", patience=0):
            with store.transaction(durable=True) as db:  # before the trees: no power cut brings rows without them back
                db.execute(
                    "DELETE FROM images WHERE id IN (SELECT image_id FROM removed_images)"
                    f" AND NOT EXISTS (SELECT 1 FROM containers WHERE {USES.replace('?', 'images.id')})"
                )
                db.execute("DELETE FROM kept_layers WHERE until <= ?", (time.time_ns(),))
                db.execute(
                    "DELETE FROM layers WHERE chain_id NOT IN (SELECT chain_id FROM image_layers)"
                    " AND chain_id NOT IN (SELECT chain_id FROM kept_layers)"
                )
                db.execute("DELETE FROM layer_blobs WHERE diff_id NOT IN (SELECT diff_id FROM layers)")
            paths = _without_row(store)
    except Busy:
        return
    for path in paths:
        _remove(path)


def freed(store: Store, doomed: list[tuple[str, tuple[str, ...]]]) -> list[int]:
    """Return how many bytes the removal of each of these (image id, its layers) gives back, one after the other."""
    users: dict[str, set[str]] = {}
    for row in store.query("SELECT chain_id, image_id FROM image_layers"):
        users.setdefault(row["chain_id"], set()).add(row["image_id"])
    sizes = {row["chain_id"]: row["size"] for row in store.query("SELECT chain_id, size FROM layers")}
    result = []
    for image_id, chain in doomed:
        total = 0
        for chain_id in set(chain):
            users.get(chain_id, set()).discard(image_id)
            total += 0 if users.get(chain_id) else sizes.get(chain_id, 0)
        result.append(total)
    return result


def release(store: Store, image_id: str) -> None:
    """Let a removed image go when its last container is gone; call it after each container's end."""
    if store.row("SELECT 1 FROM removed_images WHERE image_id = ?", (image_id,)):
        collect(store)


def _without_row(store: Store) -> list[str]:
    """Return the paths of all that does not count."""
    temporary = store.layout.temporary
    paths = [f"{temporary}/{name}" for name in os.listdir(temporary) if name.startswith(_PREFIX)]
    known = {row["folder"] for row in store.query("SELECT folder FROM layers")}
    for place in (store.layout.layers, store.layout.recipes):
        for name in os.listdir(place):
            if name not in known and name != EMPTY:
                paths.append(f"{temporary}/{_PREFIX}{os.urandom(8).hex()}")
                os.rename(f"{place}/{name}", paths[-1])
    return paths


def _remove(path: str) -> None:
    from ..linux import trees

    parent, name = os.path.split(path)
    descriptor = os.open(parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        trees.remove_tree(descriptor, name)
    finally:
        os.close(descriptor)
