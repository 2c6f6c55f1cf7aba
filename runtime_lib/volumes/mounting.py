"""Volumes whose driver options name a file system or folder: it is mounted over `_data` while the host is up.

The first container that uses such a volume after a boot mounts it, its removal unmounts it. So containers that use it
at the same time share it, a tmpfs too.
"""

from __future__ import annotations

import os

from ..linux import libc, mounts, pathwalk
from ..oci import options

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..store import Store
    from .model import Volume


def ensure(store: Store, volume: Volume) -> str:
    """Return the folder with the volume's content, after mounting what its driver options name. Raises OSError."""
    if not volume.spec.driver_options:
        return volume.folder
    with store.lock("volume", volume.name):
        if not mounted(volume.folder):
            _mount(volume)
    return volume.folder


def release(volume: Volume) -> None:
    """Unmount a volume; nothing happens when it is not mounted. Raises OSError (EBUSY) when it is in use."""
    while volume.spec.driver_options and mounted(volume.folder):
        libc.umount2(volume.folder)


def mounted(folder: str) -> bool:
    """Whether something is mounted over `folder`."""
    return _mount_id(folder) != _mount_id(os.path.dirname(folder))


def _mount(volume: Volume) -> None:
    wanted = volume.spec.driver_options
    kind, device = wanted["type"], wanted["device"]
    parsed = options.parse([word for word in wanted.get("o", "").split(",") if word])
    target = os.open(volume.folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    made = -1
    try:
        if parsed.bind or kind in ("none", "bind"):
            made = mounts.clone(libc.AT_FDCWD, device, parsed.recursive)
            _bind(volume, made, target, parsed)
        else:
            made = mounts.filesystem(kind, device, parsed.data, parsed.attr_set)
            mounts.attach(made, target)
    finally:
        os.close(target)
        if made >= 0:
            os.close(made)


def _bind(volume: Volume, made: int, target: int, parsed: options.Options) -> None:
    mounts.attach(made, target)
    try:
        mounts.change(made, parsed.attr_set, parsed.attr_clr)  # Linux < 5.12 changes attached mounts only
    except OSError:
        libc.umount2(volume.folder, libc.MNT_DETACH)
        raise


def _mount_id(path: str) -> str:
    descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        return pathwalk.mount_of(descriptor)
    finally:
        os.close(descriptor)
