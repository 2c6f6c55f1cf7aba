"""Volumes that a container brings to life, and what the image has at their place."""

from __future__ import annotations

from ..store import Store
from ..volumes import catalog
from ..volumes.spec import VolumeSpec
from .parts import Mount

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def create(store: Store, container_id: str, mount: Mount, anonymous: bool) -> None:
    """Make the volume of a mount if it does not exist, and note that the container uses it."""
    name = mount.source or ""
    spec = VolumeSpec(name, "local", mount.volume_options, mount.labels)
    catalog.create(store, spec, anonymous=anonymous, user=container_id)
    catalog.use(store, [name], container_id)


def fill(store: Store, mounts: Sequence[Mount], layers: Sequence[str]) -> None:
    """Copy what the image has at each mount's target into its volume, where that is new and empty."""
    fresh = [mount for mount in mounts if not catalog.find(store, mount.source or "").seeded]
    if not fresh:
        return
    from ..volumes.seed import copy_up
    from .tree import image_tree

    with image_tree(layers) as root:
        for mount in fresh:
            copy_up(root, mount.target, catalog.find(store, mount.source or "").folder)
