"""A container's tree as `cp` and `export` see it, running or not: Docker's view of it, not that of its processes.

It is mounted in a namespace of the caller's own, with its volumes and binds where they are asked for, and without
devices and set-user-id bits. What the container has mounted itself (FUSE among it), its tmpfs and the kernel's file
systems are not there: nothing that it does can make the caller wait.
"""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager

from ..errors import ContainerNotFound
from ..images import catalog as images
from ..images import layers
from ..linux import libc, mntns, mounts
from ..linux.saferoot import SafeRoot
from ..oci import mountpoint
from ..store import Store
from . import attach_volumes, tree
from .bundle import own_files
from .catalog import Container, find, state
from .config_mounts import clean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..linux.process import Process
    from .config_mounts import ReadyMount

_SAFE = libc.MOUNT_ATTR_NOSUID | libc.MOUNT_ATTR_NODEV | libc.MOUNT_ATTR_NOEXEC


@contextmanager
def view(store: Store, container: Container, volumes: bool = True) -> Iterator[SafeRoot]:
    """Give the tree of a container for a block; one that does not run cannot be started meanwhile.

    Raises ContainerNotFound when somebody has removed it, OSError.
    """
    with ExitStack() as stack:
        process = state(store, container).process
        if process is None:
            stack.enter_context(store.lock("container", container.id))
            container = find(store, container.id)
            process = state(store, container).process
        binds = _binds(store, container) if volumes else ()
        stack.enter_context(mntns.private())
        place = f"{store.layout.container(container.id)}/upper"  # any folder of ours would do
        yield stack.enter_context(_mounted(store, container, process, place, binds))


@contextmanager
def _mounted(
    store: Store, container: Container, process: Process | None, place: str, binds: Sequence[ReadyMount]
) -> Iterator[SafeRoot]:
    if process is not None:
        _attach(mntns.root_of(process), place)
    else:
        folder = store.layout.container(container.id)
        below = layers.folders(store, images.get(store, container.image_id).layers)
        with tree.container_tree(below, folder) as root:
            _attach(os.dup(root.descriptor), place)
    with SafeRoot.at(place) as root:
        for bind in binds:
            _bind(root, bind)
        yield root


def _attach(mount: int, place: str) -> None:
    target = os.open(place, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        mounts.attach(mount, target)
        mounts.change(mount, _SAFE)
    finally:
        os.close(target)
        os.close(mount)


def _binds(store: Store, container: Container) -> list[ReadyMount]:
    """Return what is bound into the container, parents first; its host files once it has been started."""
    try:
        own = [bind for bind in own_files(store, container) if os.path.exists(bind.source)]
    except ContainerNotFound:
        own = []  # the one whose network it shares has been removed
    return sorted([*own, *attach_volumes.ready(store, container.spec)], key=lambda bind: clean(bind.target).count("/"))


def _bind(root: SafeRoot, bind: ReadyMount) -> None:
    mount = mounts.clone(libc.AT_FDCWD, bind.source, recursive=bind.recursive)
    try:
        target = mountpoint.opened(root, bind.target, os.path.isdir(bind.source))
        try:
            mounts.attach(mount, target)
        finally:
            os.close(target)
        mounts.change(mount, _SAFE | (libc.MOUNT_ATTR_RDONLY if bind.read_only else 0), recursive=bind.recursive)
    finally:
        os.close(mount)
