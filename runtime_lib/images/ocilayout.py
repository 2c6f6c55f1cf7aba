"""Read OCI image layouts (OCI image-spec: image-layout.md, image-index.md, manifest.md). Pure but for the reading."""

from __future__ import annotations

import os

from .. import strictjson
from ..errors import CorruptData, InvalidSpec
from . import digest, manifests, platform, reference
from .members import document as read_document

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .members import Members

    Found = tuple[tuple[str, ...], bytes, tuple[tuple[str, str], ...]]

_NAMES = ("io.containerd.image.name", "org.opencontainers.image.ref.name")
_DEEPEST = 4


def images(members: Members, machine: str = "") -> list[Found]:
    """Return (names, configuration, layers as (member, digest)) of every image for this host's platform.

    With a `machine` of uname(2), for that one's platform.

    Manifests and configurations are verified against their digests. Raises CorruptData, or InvalidSpec when all images
    are for other platforms.
    """
    index = strictjson.parse_object(read_document(members, "index.json"), "index.json")
    groups: dict[str, list[dict[str, Any]]] = {}
    for position, descriptor in enumerate(manifests.descriptors(index, "manifests", "index.json")):
        name = _name(descriptor)
        # Without names, descriptors with a platform are the variants of one image, all others are images of their own.
        group = name or ("" if descriptor.get("platform") else f"/{position}")
        groups.setdefault(group, []).append(descriptor)
    return [_image(members, group, descriptors, machine) for group, descriptors in groups.items()]


def _image(members: Members, group: str, descriptors: list[dict[str, Any]], machine: str) -> Found:
    names = (reference.parse(group).familiar,) if group.strip("/") and not group.startswith("/") else ()
    manifest = _manifest(members, _choose(descriptors, names[0] if names else "the image", machine), machine)
    config = manifest.get("config")
    if not isinstance(config, dict):
        raise CorruptData("a manifest of the archive has no config")
    parts = manifests.descriptors(manifest, "layers", "a manifest of the archive")
    stored = [digest.check(part.get("digest"), "a layer in the archive's manifest") for part in parts]
    return names, _blob(members, config), tuple((_member(value), value) for value in stored)


def _manifest(members: Members, descriptor: dict[str, Any], machine: str) -> dict[str, Any]:
    """Follow nested indexes down to the one manifest for this host, or for the machine."""
    for _unused in range(_DEEPEST):
        data = _blob(members, descriptor)
        where = f"blob {descriptor.get('digest')}"
        found = strictjson.parse_object(data, where)
        if manifests.media_type(found, descriptor.get("mediaType"), where) in manifests.IMAGES:
            return found
        descriptor = _choose(manifests.descriptors(found, "manifests", where), where, machine)
    raise CorruptData("the archive's indexes are nested too deeply")


def _choose(descriptors: list[dict[str, Any]], what: str, machine: str) -> dict[str, Any]:
    fitting = platform.choose(descriptors, machine=machine)
    if fitting is None:
        known = ", ".join(sorted({platform.text(descriptor) for descriptor in descriptors})) or "nothing"
        raise InvalidSpec(f"{what} in the archive is not for {platform.host(machine)} but for {known}")
    return fitting


def _name(descriptor: dict[str, Any]) -> str | None:
    annotations = descriptor.get("annotations")
    if not isinstance(annotations, dict):
        return None
    for key in _NAMES:
        value = annotations.get(key)
        if isinstance(value, str):
            try:
                return reference.new_name(value).full
            except InvalidSpec:
                continue  # the annotation may hold any text, also what is no name
    return None


def _member(value: str) -> str:
    return os.path.join("blobs", "sha256", value[7:])


def _blob(members: Members, descriptor: dict[str, Any]) -> bytes:
    wanted = digest.check(descriptor.get("digest"), "a descriptor in the archive")
    data = read_document(members, _member(wanted))
    if digest.of(data) != wanted:
        raise CorruptData(f"blob {wanted} of the archive is damaged: its content has another digest")
    return data
