"""The documents of a saved archive: an OCI image layout that is a docker-archive as well. Pure.

OCI image-spec (image-layout.md, image-index.md, manifest.md) and Docker's image-spec v1.2 ("Combined Image JSON");
names are where Docker 25 and later have them.
"""

from __future__ import annotations

import json

from ..records import dataclass
from . import digest, reference

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

BLOBS = "blobs/sha256"
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_CONFIG = "application/vnd.oci.image.config.v1+json"
_LAYER = "application/vnd.oci.image.layer.v1.tar"
_INDEX = "application/vnd.oci.image.index.v1+json"


@dataclass(frozen=True)
class Saved:
    """One image of the archive: its configuration as it is, and (diff id, size of the archive) of each layer."""

    names: tuple[str, ...]
    config: bytes
    layers: tuple[tuple[str, int], ...]


def documents(images: list[Saved]) -> dict[str, bytes]:
    """Return the archive's files but for the layers, in their order: the same images give the same bytes."""
    blobs: dict[str, bytes] = {}
    index: list[dict[str, Any]] = []
    combined: list[dict[str, Any]] = []
    for image in images:
        manifest = _bytes(_manifest(image))
        blobs[blob(digest.of(image.config))] = image.config
        blobs[blob(digest.of(manifest))] = manifest
        index += _descriptors(image, manifest)
        combined.append(_combined(image))
    return {
        "oci-layout": _bytes({"imageLayoutVersion": "1.0.0"}),
        "index.json": _bytes({"schemaVersion": 2, "mediaType": _INDEX, "manifests": index}),
        "manifest.json": _bytes(combined),
        **{name: blobs[name] for name in sorted(blobs)},
    }


def blob(value: str) -> str:
    """Return the path of a blob in the archive."""
    return f"{BLOBS}/{value[7:]}"


def _manifest(image: Saved) -> dict[str, Any]:
    return {
        "schemaVersion": 2,
        "mediaType": _MANIFEST,
        "config": _descriptor(_CONFIG, digest.of(image.config), len(image.config)),
        "layers": [_descriptor(_LAYER, diff_id, size) for diff_id, size in image.layers],
    }


def _descriptors(image: Saved, manifest: bytes) -> list[dict[str, Any]]:
    plain = _descriptor(_MANIFEST, digest.of(manifest), len(manifest))
    named = [{**plain, "annotations": _annotations(name)} for name in image.names]
    return named or [plain]


def _annotations(name: str) -> dict[str, str]:
    parsed = reference.parse(name)
    return {"io.containerd.image.name": parsed.full, "org.opencontainers.image.ref.name": parsed.tag or ""}


def _combined(image: Saved) -> dict[str, Any]:
    return {
        "Config": blob(digest.of(image.config)),
        "RepoTags": list(image.names) or None,
        "Layers": [blob(diff_id) for diff_id, _size in image.layers],
    }


def _descriptor(kind: str, value: str, size: int) -> dict[str, Any]:
    return {"mediaType": kind, "digest": value, "size": size}


def _bytes(document: Any) -> bytes:
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()
