"""What Docker's engine API tells about an image, in its words (Docker Engine API v1.41, ImageInspect, ImageHistory)."""

from __future__ import annotations

from ..errors import CorruptData
from . import catalog, layers, origins, reference, times

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from ..store import Store
    from .catalog import Image

_NONE = "<none>"
# Docker prints every field of its container configuration, also those that an image leaves out.
_EMPTY: dict[str, Any] = {
    "Hostname": "",
    "Domainname": "",
    "User": "",
    "AttachStdin": False,
    "AttachStdout": False,
    "AttachStderr": False,
    "Tty": False,
    "OpenStdin": False,
    "StdinOnce": False,
    "Env": None,
    "Cmd": None,
    "Image": "",
    "Volumes": None,
    "WorkingDir": "",
    "Entrypoint": None,
    "OnBuild": None,
    "Labels": None,
}


def inspect(store: Store, ref: str) -> dict[str, Any]:
    """Return what `docker image inspect` prints for one image. Raises ImageNotFound."""
    return describe(store, catalog.find(store, ref))


def describe(store: Store, image: Image) -> dict[str, Any]:
    """Return the inspect document of an image that was found already."""
    config = image.config
    folders = _folders(store, image)
    data = {"UpperDir": folders[0]} if folders else {}
    if folders[1:]:
        data["LowerDir"] = ":".join(folders[1:])
    document = {
        "Id": image.id,
        "RepoTags": list(image.names),
        "RepoDigests": origins.digests(store, image.id),
        "Parent": "",
        "Comment": _last(config, "comment"),
        "Created": times.rfc3339(image.created),
        "DockerVersion": _text(config.get("docker_version")),
        "Author": _text(config.get("author")),
        "Config": {**_EMPTY, **image.defaults},
        "Architecture": _text(config.get("architecture")),
        "Os": _text(config.get("os")),
        "Size": image.size,
        "VirtualSize": image.size,
        "GraphDriver": {"Data": data, "Name": "overlay2"},
        "RootFS": {"Type": "layers", "Layers": list(config["rootfs"]["diff_ids"])},
    }
    if config.get("variant"):
        document["Variant"] = _text(config["variant"])
    return document


def history(store: Store, ref: str) -> list[dict[str, Any]]:
    """Return what `docker history` prints, the newest step first; times are seconds. Raises ImageNotFound."""
    image = catalog.find(store, ref)
    found = [layers.find(store, chain_id) for chain_id in image.layers]
    sizes = [layer.size if layer else 0 for layer in found]
    steps = image.config.get("history")
    result = []
    for step in steps if isinstance(steps, list) else []:
        if isinstance(step, dict):
            filled = not step.get("empty_layer") and bool(sizes)
            result.append(_step(step, sizes.pop(0) if filled else 0))
    if result:
        result[-1].update(Id=image.id, Tags=list(image.names) or None)
    return result[::-1]


def repositories(image: Image, digests: Sequence[str] = ()) -> list[tuple[str, str]]:
    """Return the (repository, tag) pairs of an image as Docker's table shows them; <none> where there are none.

    A repository that is known only from one of the image's `digests` has the tag <none>.
    """
    parsed = [reference.parse(name) for name in image.names]
    tagged = [(name.familiar_name, name.tag or _NONE) for name in parsed]
    known = {repository for repository, _tag in tagged}
    untagged = dict.fromkeys((each.partition("@")[0], _NONE) for each in digests)
    return tagged + [pair for pair in untagged if pair[0] not in known] or [(_NONE, _NONE)]


def _folders(store: Store, image: Image) -> list[str]:
    """Return the folders of its layers, top first; none when one is lost, which is for a start to complain about."""
    try:
        return layers.folders(store, image.layers)
    except CorruptData:
        return []


def _step(step: dict[str, Any], size: int) -> dict[str, Any]:
    return {
        "Id": "<missing>",
        "Created": times.nanoseconds(step.get("created")) // 1_000_000_000,
        "CreatedBy": _text(step.get("created_by")),
        "Tags": None,
        "Size": size,
        "Comment": _text(step.get("comment")),
    }


def _last(config: dict[str, Any], key: str) -> str:
    steps = config.get("history")
    last = steps[-1] if isinstance(steps, list) and steps else None
    return _text(last.get(key)) if isinstance(last, dict) else ""


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
