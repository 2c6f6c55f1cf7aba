"""What the objects of a host take on its disk: the numbers behind `system df`."""

from __future__ import annotations

from ..images import catalog as images
from ..images import layers
from ..linux.trees import tree_size
from ..store import Store
from ..volumes import catalog as volumes
from . import catalog
from .finish import ALIVE
from .summary import Summaries

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..volumes.model import Volume


def disk_usage(store: Store) -> dict[str, Any]:
    """Return what `GET /system/df` tells; sizes are bytes."""
    summaries = Summaries(store)
    containers = [
        summaries.of(container, catalog.state(store, container), sizes=True) for container in catalog.listing(store)
    ]
    users = [entry["ImageID"] for entry in containers]
    row = store.row("SELECT COALESCE(SUM(size), 0) AS total FROM layers")
    return {
        "LayersSize": int(row["total"]) if row else 0,
        "Images": [_image(store, image, users.count(image.id)) for image in images.listing(store)],
        "Containers": containers,
        "Volumes": [_volume(store, volume) for volume in volumes.listing(store)],
        "BuildCache": [],
    }


def table(store: Store, usage: dict[str, Any]) -> list[tuple[str, int, int, int, int]]:
    """Return (type, how many, how many in use, bytes, bytes that could be reclaimed) as `docker system df` has them."""
    shown = usage["Images"]
    idle = [images.get(store, image["Id"]) for image in shown if not image["Containers"]]
    unused = sum(layers.freed(store, [(image.id, image.layers) for image in idle]))
    containers = usage["Containers"]
    running = [entry for entry in containers if entry["State"] in ALIVE]
    stopped = sum(entry["SizeRw"] for entry in containers if entry not in running)
    found = usage["Volumes"]
    free = sum(volume["UsageData"]["Size"] for volume in found if not volume["UsageData"]["RefCount"])
    sizes = [volume["UsageData"]["Size"] for volume in found]
    return [
        ("Images", len(shown), len([one for one in shown if one["Containers"]]), usage["LayersSize"], unused),
        ("Containers", len(containers), len(running), sum(entry["SizeRw"] for entry in containers), stopped),
        ("Local Volumes", len(found), len([one for one in found if one["UsageData"]["RefCount"]]), sum(sizes), free),
        ("Build Cache", 0, 0, 0, 0),
    ]


def _image(store: Store, image: images.Image, users: int) -> dict[str, Any]:
    own = layers.freed(store, [(image.id, image.layers)])[0]
    return {
        "Id": image.id,
        "RepoTags": list(image.names) or None,
        "Created": image.created // 1_000_000_000,
        "Size": image.size,
        "SharedSize": max(image.size - own, 0),
        "Containers": users,
        "Labels": image.defaults.get("Labels"),
    }


def _volume(store: Store, volume: Volume) -> dict[str, Any]:
    count = len(volumes.users(store, volume.name))
    return {
        **volumes.inspect(store, volume.name),
        "UsageData": {"RefCount": count, "Size": tree_size(volume.folder)},
    }
