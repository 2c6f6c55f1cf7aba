"""The mounts of volumes with driver options: there while somebody uses the volume, as with Docker.

Users are observed, not counted: the containers that run (their state is checked against the kernel), and whoever holds
the lock `volume-user`, which the kernel takes from a process that dies. A user takes that lock and mounts what is not
mounted while it holds the lock `volume`; whoever ends unmounts under the same lock when no other user is left. What is
left by a process that was killed is unmounted by the next end of a user, or by `sweep`.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import ExitStack, contextmanager

from ..errors import Busy, HostLacks, InUse
from ..linux import libc, mounts
from ..monitor.state import read
from . import local

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..store import Store
    from .model import Volume

_ALIVE = ("running", "paused", "restarting")
_USER = "volume-user"


@contextmanager
def used(store: Store, volume: Volume) -> Iterator[str]:
    """Give the folder with the content for a block, mounted when the volume has driver options; nobody removes it.

    A container that has been started in the block keeps the mount; without a user it is unmounted at the end. Raises
    HostLacks with what is missing, and then nothing is mounted.
    """
    try:
        with ExitStack() as use:
            with store.lock("volume", volume.name):
                use.enter_context(store.lock(_USER, volume.name, shared=True))
                if volume.spec.driver_options and not mounted(volume.folder):
                    _mount(volume)
            yield volume.folder
    finally:
        unmount_unused(store, volume)


def unmount_unused(store: Store, volume: Volume, patience: float = 5.0) -> None:
    """Unmount a volume that no container runs on and nobody uses in another way.

    Who holds its lock for longer than `patience` seconds is mounting it, and unmounts it in the end.
    """
    if not volume.spec.driver_options:
        return
    try:
        with store.lock("volume", volume.name, patience), store.lock(_USER, volume.name, patience=0.0):
            if not _running(store, volume.name):
                release(volume)
    except Busy:
        return


@contextmanager
def unused(store: Store, volume: Volume) -> Iterator[None]:
    """Let nobody use a volume for a block; the caller holds the lock `volume`. Raises InUse when somebody does."""
    with ExitStack() as stack:
        try:
            stack.enter_context(store.lock(_USER, volume.name, patience=0.0))
        except Busy:
            raise InUse(f"volume {volume.name} is being read or filled: wait for the end of that") from None
        yield


def release(volume: Volume) -> None:
    """Unmount a volume; nothing happens when it is not mounted.

    As with Docker a process of the host that stands in there keeps the file system until it leaves (MNT_DETACH).
    """
    while volume.spec.driver_options:
        try:
            libc.umount2(volume.folder, libc.MNT_DETACH | libc.UMOUNT_NOFOLLOW)
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.ENOENT):
                raise
            return  # no mount point, or the removal of its folder was killed


def mounted(folder: str) -> bool:
    """Whether something is mounted over `folder`; a server that is gone is not asked."""
    return mounts.is_point(folder)


def _running(store: Store, name: str) -> bool:
    layout = store.layout
    rows = store.query("SELECT container_id AS id FROM volume_users WHERE volume = ?", (name,))
    return any(read(layout.bundle(row["id"]), layout.container(row["id"])).status in _ALIVE for row in rows)


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
