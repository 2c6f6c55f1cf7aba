"""Manifests and indexes of images: read, checked, chosen from. Pure.

OCI image-spec (manifest.md, image-index.md), Docker's image manifest version 2, schema 2.
"""

from __future__ import annotations

from .. import strictjson
from ..errors import CorruptData, InvalidSpec
from ..records import dataclass
from . import digest, platform
from .origins import Blob

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

INDEXES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
IMAGES = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
SCHEMA_1 = (
    "application/vnd.docker.distribution.manifest.v1+prettyjws",
    "application/vnd.docker.distribution.manifest.v1+json",
)
CONFIGS = ("application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json")
_LAYERS = ("application/vnd.oci.image.layer.v1.tar", "application/vnd.docker.image.rootfs.diff.tar")
_FOREIGN = ("application/vnd.oci.image.layer.nondistributable.", "application/vnd.docker.image.rootfs.foreign.")
_LARGEST = 1 << 50  # bytes; no registry has a blob of a petabyte


@dataclass(frozen=True)
class Manifest:
    """What one image is made of; the lowest layer first."""

    media_type: str
    config: Blob
    layers: tuple[Blob, ...]


def read(data: bytes, told: str | None, where: str) -> tuple[str, dict[str, Any]]:
    """Return (media type, document). `told` is the type in a descriptor or a header, if there is one.

    Raises CorruptData for what is neither manifest nor index, or could be read as both (CVE-2021-41190), InvalidSpec
    for the old schema 1.
    """
    document = strictjson.parse_object(data, where)
    if told in SCHEMA_1 or document.get("schemaVersion") == 1:
        raise InvalidSpec(
            f"{where} has the manifest format schema 1, which Docker gave up too; push it again with a newer Docker"
        )
    return media_type(document, told, where), document


def media_type(document: dict[str, Any], told: object, where: str) -> str:
    """Return the media type of a manifest or index; `told` is that in a descriptor or a header, if there is one.

    Raises CorruptData for what is neither, or could be read as both (CVE-2021-41190).
    """
    own = document.get("mediaType")
    if own is not None and told is not None and own != told:
        raise CorruptData(f"{where} says that it is {str(own)[:100]!r}, but was told to be {str(told)[:100]!r}")
    kind = told or own
    if kind not in INDEXES + IMAGES:
        raise CorruptData(f"{where} has the media type {str(kind)[:100]!r}; only image manifests and indexes are known")
    if "manifests" in document and ("layers" in document or "config" in document):
        raise CorruptData(f"{where} has both `manifests` and `layers`; it is refused as ambiguous")
    return str(kind)


def choose(document: dict[str, Any], asked: str, where: str) -> Blob:
    """Return an index's entry for the platform `asked`, or this host's. Raises InvalidSpec when there is none."""
    found = descriptors(document, "manifests", where)
    fitting = platform.choose(found, asked)
    if fitting is None:
        known = ", ".join(sorted({platform.text(each) for each in found})) or "nothing"
        wanted = asked or platform.host()
        raise InvalidSpec(
            f"no matching manifest for {wanted} in the manifest list entries: {where} is for {known};"
            " ask for one of these platforms"
        )
    return blob(fitting, where)


def image(kind: str, document: dict[str, Any], where: str) -> Manifest:
    """Return the parts of an image manifest. Raises CorruptData, or InvalidSpec for what cannot be an image here."""
    config = document.get("config")
    if not isinstance(config, dict):
        raise CorruptData(f"{where} has no config")
    own = blob(config, where)
    if own.media_type not in CONFIGS:
        raise InvalidSpec(f"{where} is no image: its configuration is of the type {own.media_type[:100]!r}")
    if own.size > strictjson.LIMIT:
        raise CorruptData(f"{where}: the configuration is larger than {strictjson.LIMIT} bytes")
    parts = tuple(blob(each, where) for each in descriptors(document, "layers", where))
    for part in parts:
        _check_layer(part, where)
    return Manifest(kind, own, parts)


def _check_layer(part: Blob, where: str) -> None:
    if part.media_type.startswith(_FOREIGN):
        raise InvalidSpec(
            f"{where} has the foreign layer {part.digest}, which its registry must not hand out (Windows base images"
            " have those); only images whose layers are all in the registry can be pulled"
        )
    base, _unused, compression = part.media_type.replace(".tar.", ".tar+").partition("+")
    if base not in _LAYERS or compression not in ("", "gzip", "zstd"):
        raise InvalidSpec(f"{where} has a layer of the type {part.media_type[:100]!r}, which is none of an image")


def descriptors(document: dict[str, Any], key: str, where: str) -> list[dict[str, Any]]:
    """Return a list of descriptors. Raises CorruptData when it is none."""
    value = document.get(key)
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise CorruptData(f"{where} has no list `{key}`")
    return value


def blob(descriptor: dict[str, Any], where: str) -> Blob:
    """Return a descriptor, checked. Raises CorruptData."""
    size, kind = descriptor.get("size"), descriptor.get("mediaType")
    if isinstance(size, bool) or not isinstance(size, int) or not 0 <= size <= _LARGEST:
        raise CorruptData(f"{where}: {str(size)[:40]!r} is not the size of a blob")
    if not isinstance(kind, str):
        raise CorruptData(f"{where}: a descriptor has no mediaType")
    return Blob(digest.check(descriptor.get("digest"), where), size, kind)
