"""Damaged layers and images."""

from __future__ import annotations

import os

from ..errors import Busy
from ..images import catalog, digest, verify
from ..images import layers as stored
from ..images.layers import Layer
from .soundness_finding import Finding
from .soundness_steps import Collect, MarkLayer, RemoveImage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from ..images.catalog import Image
    from ..store import Store


def layers(store: Store, quick: bool) -> list[Finding]:
    """Return the layers whose tree is not what their digest says; those that are known already are looked at again."""
    found = []
    for row in store.query("SELECT chain_id, diff_id, parent, folder, size FROM layers ORDER BY chain_id"):
        layer = Layer(*row)
        cause = verify.layer(store, layer, quick)
        if not cause and stored.find(store, layer.chain_id) is None:
            cause = "it was found to be damaged before"
        if cause:
            found.append(Finding("layer", layer.chain_id, cause, "", MarkLayer(layer.chain_id)))
    return found


def images(store: Store, bad: AbstractSet[str]) -> list[Finding]:
    """Return the images that lack a layer or their configuration; `bad` are the chain ids of damaged layers."""
    found = []
    for row in store.query("SELECT id, config FROM images ORDER BY id"):
        image = catalog.get(store, row["id"])
        cause = _cause(image, row["config"], bad) or _lost(store, image)
        if cause:
            found.append(_finding(store, image, cause))
    return found


def _cause(image: Image, text: str, bad: AbstractSet[str]) -> str:
    if image.damage:
        return image.damage
    if digest.of(text.encode(errors="surrogateescape")) != image.id:
        return "its configuration is not that of its id"
    damaged = [chain_id for chain_id in image.layers if chain_id in bad]
    if damaged:
        return f"its layer {damaged[0]} is damaged"
    return "" if _chain(image) == list(image.layers) else "its layers are not those of its configuration"


def _chain(image: Image) -> list[str]:
    chain: list[str] = []
    for diff_id in image.config["rootfs"]["diff_ids"]:
        chain.append(digest.chain(chain[-1] if chain else None, diff_id))
    return chain


def _lost(store: Store, image: Image) -> str:
    lost = [chain_id for chain_id in image.layers if stored.find(store, chain_id) is None]
    return f"its layer {lost[0]} is lost" if lost else ""


def _finding(store: Store, image: Image, cause: str) -> Finding:
    name = f"{image.names[0]} ({image.id[7:19]})" if image.names else image.id
    query = f"SELECT name FROM containers WHERE {stored.USES} ORDER BY name"
    users = [row["name"] for row in store.query(query, (image.id, image.id))]
    if not users:
        return Finding("image", name, cause, "", RemoveImage(image.id, name))
    return Finding("image", name, cause, f"get it again: the containers {', '.join(users)} need it")


def strays(store: Store) -> list[Finding]:
    """Return the folders of layers that no row knows, unless somebody unpacks one now."""
    try:
        with store.lock("layers", "use", patience=0):
            known = {row["folder"] for row in store.query("SELECT folder FROM layers")} | {stored.EMPTY}
            places = (store.layout.layers, store.layout.recipes)
            paths = [f"{place}/{name}" for place in places for name in sorted(set(os.listdir(place)) - known)]
    except Busy:
        return []
    return [Finding("file", path, "no layer is known there", "", Collect(path)) for path in paths]
