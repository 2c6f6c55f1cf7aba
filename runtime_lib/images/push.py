"""Bring images of the store to registries."""

from __future__ import annotations

import json

from ..errors import CorruptData, ImageNotFound, InvalidSpec
from ..records import dataclass
from . import catalog, digest, gzipping, layers, manifests, origins, places, reassembly, reference
from .origins import Blob

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from ..registry.client import Repository
    from ..registry.settings import Settings
    from ..store import Store
    from .catalog import Image
    from .layers import Layer
    from .manifests import Manifest
    from .reference import Reference

# What Docker pushes, and every registry takes.
MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
_CONFIG = "application/vnd.docker.container.image.v1+json"
_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"
_INDEX = "application/vnd.oci.image.index.v1+json"
_GZIP = (_LAYER, "application/vnd.oci.image.layer.v1.tar+gzip")


@dataclass(frozen=True)
class Pushed:
    """What became of a name: the digest and size of its manifest; `changed` when anything was sent or the tag moved."""

    name: str
    digest: str
    size: int
    changed: bool


class Listener:
    """Hears how a push goes on."""

    def layer(self, diff_id: str, status: str) -> None:
        """A layer has come to one of Docker's words for it: `Preparing`, `Pushed`, `Layer already exists`, ..."""

    def end(self, found: Reference, pushed: Pushed) -> None:
        """A name is there."""


def push(store: Store, ref: str, settings: Settings | None = None, listener: Listener | None = None) -> Pushed:
    """Have the image that is called `ref` here in the registry of that name.

    Raises ImageNotFound, InvalidSpec for a name with a digest, RegistryError, CorruptData for a damaged layer, OSError.
    """
    name, image = named(store, ref)
    hears = listener or Listener()
    with layers.using(store):
        pushed = places.ask(name, lambda repository: _push(store, repository, name, image, hears), settings, push=True)
    origins.note_image(store, name.name, pushed.digest, image.id)
    catalog.note(store, "push", image, name.familiar)
    hears.end(name, pushed)
    return pushed


def present(ref: str, settings: Settings | None = None) -> str | None:
    """Return the id of the image that a registry has under this name, None where it has none, or one of another form.

    Raises RegistryError when it cannot be asked.
    """
    name = reference.parse(ref)

    def work(repository: Repository) -> str | None:
        if repository.describe(name.tag or "") is None:
            return None
        own = _there(repository, name)
        return own.config.digest if own else None

    return places.ask(name, work, settings, push=True)


def tags(store: Store, ref: str) -> list[str]:
    """Return all names that a repository has here, for `push --all-tags`. Raises InvalidSpec, ImageNotFound."""
    name = reference.untagged(ref)
    rows = store.query("SELECT name FROM image_names ORDER BY name")
    found = [parsed.familiar for parsed in (reference.parse(row["name"]) for row in rows) if parsed.name == name.name]
    if not found:
        raise ImageNotFound(f"An image does not exist locally with the tag: {name.familiar_name}; tag one")
    return found


def named(store: Store, ref: str) -> tuple[Reference, Image]:
    """Return a name and the image that has it. Raises ImageNotFound, InvalidSpec for a name with a digest."""
    name = reference.parse(ref)
    if name.digest:
        raise InvalidSpec(f"cannot push a digest reference: {ref}; name a tag")
    row = store.row("SELECT image_id FROM image_names WHERE name = ?", (name.full,))
    if row is None:
        raise ImageNotFound(f"no image has the name {name.familiar}; give it that name first (tag)")
    return name, catalog.get(store, row["image_id"])


def push_all(store: Store, name: Reference, images: Sequence[Image]) -> None:
    """Have images in a registry: one under this name, several as the manifests of an index. Raises as `push` does."""

    def work(repository: Repository) -> None:
        sent = [_parts(store, repository, name, image, Listener())[0] for image in images]
        if len(sent) == 1:
            repository.put_manifest(name.tag or "", MANIFEST, sent[0])
            return
        found = [Blob(repository.put_manifest(digest.of(data), MANIFEST, data), len(data), MANIFEST) for data in sent]
        entries = [_descriptor(blob, MANIFEST) for blob in found]
        document = {"schemaVersion": 2, "mediaType": _INDEX, "manifests": entries}
        repository.put_manifest(name.tag or "", _INDEX, json.dumps(document).encode())

    with layers.using(store):
        places.ask(name, work, push=True)


def _push(store: Store, repository: Repository, name: Reference, image: Image, hears: Listener) -> Pushed:
    data, changed = _parts(store, repository, name, image, hears)
    present = repository.describe(name.tag or "")
    if present is None or present.digest != digest.of(data):
        repository.put_manifest(name.tag or "", MANIFEST, data)
        changed = True
    return Pushed(name.familiar, digest.of(data), len(data), changed)


def _parts(store: Store, repository: Repository, name: Reference, image: Image, hears: Listener) -> tuple[bytes, bool]:
    """Have the layers and the configuration there; return the manifest, and whether anything had to be sent."""
    config = catalog.document(store, image)
    found = [layers.get(store, chain_id) for chain_id in image.layers]
    if any(name.name not in dict(origins.blobs(store, layer.diff_id)) for layer in found):
        _learn(store, repository, name, image)
    for layer in reversed(found):
        hears.layer(layer.diff_id, "Preparing")
    placed: dict[str, Blob] = {}
    changed = False
    for layer in found:
        if layer.diff_id not in placed:
            blob, status = _place(store, repository, name, layer)
            placed[layer.diff_id] = blob
            origins.note_blob(store, layer.diff_id, blob, name.name)
            changed = changed or status != "Layer already exists"
            hears.layer(layer.diff_id, status)
    changed = _send(repository, image.id, config) or changed
    data = manifest(Blob(image.id, len(config), _CONFIG), [placed[layer.diff_id] for layer in found])
    return data, changed


def manifest(config: Blob, parts: Sequence[Blob]) -> bytes:
    """Return an image manifest of version 2, schema 2, byte for byte as Docker writes it. Pure."""
    document = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": _descriptor(config, _CONFIG),
        "layers": [_descriptor(part, _LAYER) for part in parts],
    }
    return json.dumps(document, indent=3).encode()


def _descriptor(blob: Blob, kind: str) -> dict[str, Any]:
    return {"mediaType": kind, "size": blob.size, "digest": blob.digest}


def _send(repository: Repository, value: str, data: bytes) -> bool:
    """Have a small blob in the repository; return whether it had to be sent."""
    if repository.has_blob(value):
        return False
    repository.upload(lambda: [data], lambda: value)
    return True


def _place(store: Store, repository: Repository, name: Reference, layer: Layer) -> tuple[Blob, str]:
    """Have a layer in the repository; return its blob, and in Docker's words what that took."""
    known = [(place, blob) for place, blob in origins.blobs(store, layer.diff_id) if blob.media_type in _GZIP]
    for place, blob in known:
        if place == name.name and repository.has_blob(blob.digest):
            return blob, "Layer already exists"
    for place, blob in known:
        source = reference.parse(place)
        if source.domain == name.domain and place != name.name and repository.mount(blob.digest, source.path):
            return blob, f"Mounted from {source.path}"
    for _place, blob in known:
        if repository.has_blob(blob.digest):
            return blob, "Layer already exists"
    return _upload(store, repository, layer), "Pushed"


def _upload(store: Store, repository: Repository, layer: Layer) -> Blob:
    """Compress a layer while it is sent."""
    tries: list[gzipping.Gzip] = []

    def source() -> Iterator[bytes]:
        tries.append(gzipping.Gzip(reassembly.pieces(store, layer)))
        yield from tries[-1].pieces()
        if tries[-1].plain != layer.diff_id:
            raise CorruptData(f"layer {layer.diff_id} is damaged: {reassembly.damage(store, layer)}")

    repository.upload(source, lambda: tries[-1].digest)
    return Blob(tries[-1].digest, tries[-1].size, _LAYER)


def _there(repository: Repository, name: Reference) -> Manifest | None:
    """Return the image that the tag means there now; None for what is no image of one platform."""
    found = repository.manifest(name.tag or "")
    try:
        kind, content = manifests.read(found.body, found.media_type, name.familiar)
        return manifests.image(kind, content, name.familiar) if kind in manifests.IMAGES else None
    except (CorruptData, InvalidSpec):
        return None  # it is to be replaced


def _learn(store: Store, repository: Repository, name: Reference, image: Image) -> None:
    """Learn the blobs of the layers from the registry, where the tag means this very image there already."""
    if repository.describe(name.tag or "") is None:
        return
    own, diff_ids = _there(repository, name), image.config["rootfs"]["diff_ids"]
    if own and own.config.digest == image.id and len(own.layers) == len(diff_ids):
        for diff_id, blob in zip(diff_ids, own.layers):
            origins.note_blob(store, diff_id, blob, name.name)
