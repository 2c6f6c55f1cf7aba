"""Volumes that a container brings to life, and what the image has at their place."""

from __future__ import annotations

import os

from ..store import Store
from ..volumes import catalog
from ..volumes.spec import VolumeSpec
from .parts import Mount

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..linux.saferoot import SafeRoot
    from ..volumes.model import Volume


def create(store: Store, container_id: str, mount: Mount, anonymous: bool) -> None:
    """Make the volume of a mount if it does not exist, and note that the container uses it."""
    name = mount.source or ""
    spec = VolumeSpec(name, "local", mount.volume_options, mount.labels)
    catalog.create(store, spec, anonymous=anonymous, user=container_id)
    catalog.use(store, [name], container_id)


def fill(store: Store, mounts: Sequence[Mount], layers: Sequence[str]) -> None:
    """Copy what the image has at each mount's target into its volume, where that is new and empty."""
    volumes = [(mount.target, catalog.find(store, mount.source or "")) for mount in mounts]
    fresh = [(target, volume) for target, volume in volumes if not volume.seeded]
    if not fresh:
        return
    from ..volumes.seed import copy_up
    from .tree import image_tree

    with image_tree(layers) as root:
        for target, volume in fresh:
            if volume.spec.driver_options:
                _fill_mounted(store, root, target, volume)
            else:
                copy_up(root, target, volume.folder)


def _fill_mounted(store: Store, root: SafeRoot, target: str, volume: Volume) -> None:
    """Mount a volume to fill it, as Docker does, unless the image has no folder there."""
    from ..volumes import mounting, seed

    try:
        os.close(root.open(target, os.O_PATH | os.O_DIRECTORY))
    except (FileNotFoundError, NotADirectoryError):
        return
    with store.lock("volume-content", volume.name), mounting.used(store, volume) as folder:
        seed.fill(root, target, folder)
