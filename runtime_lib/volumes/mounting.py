"""Volumes whose driver options name a file system or folder: it is mounted over `_data` while the host is up.

The first container that uses such a volume after a boot mounts it, its removal unmounts it. So containers that use it
at the same time share it, a tmpfs too.
"""

from __future__ import annotations

import errno
import os
import stat

from ..errors import HostLacks
from ..linux import libc, mounts, pathwalk
from . import local

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..store import Store
    from .model import Volume


def ensure(store: Store, volume: Volume) -> str:
    """Return the folder with the volume's content, after mounting what its driver options name.

    Raises HostLacks with what is missing, and then nothing is mounted.
    """
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
    """Whether something is mounted over `folder`; not where there is none any more, since its removal was killed."""
    try:
        return _mount_id(folder) != _mount_id(os.path.dirname(folder))
    except FileNotFoundError:
        return False


def _mount(volume: Volume) -> None:
    wanted = local.wanted(volume.spec.driver_options, local.address)
    target = os.open(volume.folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        if wanted.bind:
            _bind(volume, wanted, target)
        else:
            _file_system(wanted, target)
    except OSError as error:
        raise HostLacks(f"volume {volume.name} cannot be mounted: {_reason(wanted, error)}") from None
    finally:
        os.close(target)


def _file_system(wanted: local.Wanted, target: int) -> None:
    made = mounts.filesystem(wanted.kind, wanted.source, wanted.options.data, wanted.options.attr_set)
    try:
        mounts.attach(made, target)
    finally:
        os.close(made)


def _bind(volume: Volume, wanted: local.Wanted, target: int) -> None:
    made = mounts.clone(libc.AT_FDCWD, wanted.source, wanted.options.recursive)
    try:
        if not stat.S_ISDIR(os.fstat(made).st_mode):
            raise NotADirectoryError(errno.ENOTDIR, "Not a directory", wanted.source)
        mounts.attach(made, target)
        # Linux < 5.12 changes attached mounts only
        mounts.change(made, wanted.options.attr_set, wanted.options.attr_clr)
    except OSError:
        if mounted(volume.folder):
            libc.umount2(volume.folder, libc.MNT_DETACH)
        raise
    finally:
        os.close(made)


def _reason(wanted: local.Wanted, error: OSError) -> str:
    """Return what is wrong, and what helps, for what the kernel said."""
    device, kind = wanted.source, wanted.kind
    said = wanted.without_secrets(error.strerror or str(error))
    if error.errno == errno.ENODEV:
        return f"this host's kernel has no file system {kind!r}; load its module, or correct the option type"
    if wanted.remote:
        return f"{said}; look at the server of {device}, what it exports, and the options in o"
    if error.errno == errno.EINVAL:
        return f"{said}; look at the options in o, and whether {device} holds {kind}"
    sentences = {
        errno.ENOENT: f"{device} does not exist on this host; make it first",
        errno.ENOTDIR: f"{device} is no folder; a volume is one",
        errno.ENOTBLK: f"{device} is no block device, which {kind} needs",
        errno.EBUSY: f"{device} is in use in another way; unmount it there first",
    }
    return sentences.get(error.errno or 0, f"{said}; look at {device}")


def _mount_id(path: str) -> str:
    descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        return pathwalk.mount_of(descriptor)
    finally:
        os.close(descriptor)
