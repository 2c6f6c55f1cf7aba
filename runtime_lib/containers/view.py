"""A container's tree as `cp` and `export` see it, running or not: Docker's view of it, not that of its processes.

It is mounted in a namespace of the caller's own, with its volumes and binds where they are asked for, and without
devices and set-user-id bits. What the container has mounted itself (FUSE among it), its tmpfs and the kernel's file
systems are not there: nothing that it does can make the caller wait.
"""

from __future__ import annotations

import os
import stat
from contextlib import ExitStack, contextmanager

from ..errors import ContainerNotFound
from ..images import catalog as images
from ..images import layers
from ..linux import libc, mntns, mounts
from ..linux import userns as kernel_userns
from ..linux.saferoot import SafeRoot
from ..oci import idmaps, mountpoint
from ..records import replace
from ..store import Store
from . import attach_volumes, tree, userns
from .bundle import own_files
from .catalog import Container, find, state
from .config_mounts import clean
from .shifted import ShiftedRoot

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..linux.process import Process
    from .config_mounts import ReadyMount
    from .parts import Mount
    from .spec import ContainerSpec
    from .userns import Maps

_SAFE = libc.MOUNT_ATTR_NOSUID | libc.MOUNT_ATTR_NODEV | libc.MOUNT_ATTR_NOEXEC


@contextmanager
def view(
    store: Store, container: Container, volumes: bool = True, writable: bool = True, mount: bool = True
) -> Iterator[SafeRoot]:
    """Give the tree of a container for a block; one that does not run cannot be started meanwhile.

    Who only looks (not `writable`) changes nothing: the container is not locked, and no place of a mount is made; the
    volumes that are to be mounted are so meanwhile, or missing with `mount` False.
    Owners are those that the container knows, but in a ShiftedRoot: of one that runs with a user namespace, to write.
    Raises ContainerNotFound when somebody has removed it, OSError.
    """
    with ExitStack() as stack:
        process = state(store, container).process
        if process is None and writable:
            stack.enter_context(store.lock("container", container.id))
            container = find(store, container.id)
            process = state(store, container).process
        binds: list[ReadyMount] = []
        if volumes:
            spec = container.spec if writable else _there(store, container.spec, mount)
            if mount:
                stack.enter_context(attach_volumes.mounted(store, spec))
            binds = _binds(store, container, spec)
        stack.enter_context(mntns.private())
        place = f"{store.layout.container(container.id)}/upper"  # any folder of ours would do
        namespace = -1
        try:
            if process is None:
                raise ProcessLookupError
            if userns.wanted(container.spec):
                namespace = _namespace(process, writable)
                stack.callback(os.close, namespace)
            _attach(mntns.root_of(process), place, writable)
        except ProcessLookupError:  # or it has just ended
            _mount(store, container, place, writable)
            namespace = -1
        root = stack.enter_context(ShiftedRoot.at(place) if namespace >= 0 else SafeRoot.at(place))
        if isinstance(root, ShiftedRoot):
            root.userns = namespace
        maps = userns.mappings(store, container)
        for bind in binds:
            _bind(root, bind, f"{store.layout.container(container.id)}/work", writable, maps)
        yield root


def _namespace(process: Process, writable: bool) -> int:
    """Return the user namespace of a process. Who only looks is told that there is no process.

    The tree is put together anew for that, with the owners that the container knows.
    """
    if not writable:
        raise ProcessLookupError
    try:
        found = os.open(f"/proc/{process.pid}/ns/user", os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        raise ProcessLookupError(3, "No such process", f"/proc/{process.pid}") from None
    if not process.alive():
        os.close(found)
        raise ProcessLookupError(3, "No such process", f"/proc/{process.pid}")
    return found


def _mount(store: Store, container: Container, place: str, writable: bool) -> None:
    """Mount the tree of a container that does not run."""
    folder = store.layout.container(container.id)
    below = layers.folders(store, images.get(store, container.image_id).layers)
    opened = tree.container_tree(below, folder) if writable else tree.image_tree([f"{folder}/upper", *below])
    with opened as root:
        _attach(os.dup(root.descriptor), place, writable)


def _attach(mount: int, place: str, writable: bool) -> None:
    target = os.open(place, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        mounts.attach(mount, target)
        mounts.change(mount, _SAFE | (0 if writable else libc.MOUNT_ATTR_RDONLY))
    finally:
        os.close(target)
        os.close(mount)


def _binds(store: Store, container: Container, spec: ContainerSpec) -> list[ReadyMount]:
    """Return what is bound into the container, parents first; its host files once it has been started."""
    try:
        own = [bind for bind in own_files(store, container) if os.path.exists(bind.source)]
    except ContainerNotFound:
        own = []  # the one whose network it shares has been removed
    ready = attach_volumes.ready(store, spec)
    return sorted([*own, *ready], key=lambda bind: clean(bind.target).count("/"))


def _there(store: Store, spec: ContainerSpec, mount: bool) -> ContainerSpec:
    """Return the description with the mounts alone that need nothing made, without `mount` not even mounted."""
    return replace(spec, mounts=tuple(one for one in spec.mounts if _is_there(store, one, mount)))


def _is_there(store: Store, mount: Mount, mounts_it: bool) -> bool:
    if mount.kind == "volume" and not mounts_it:
        from ..volumes import catalog, mounting

        volume = catalog.find(store, mount.source or "")
        return not volume.spec.driver_options or mounting.mounted(volume.folder)
    return mount.kind in ("image", "volume") or os.path.lexists(mount.source or "")


def _opened(bind: ReadyMount, place: str) -> int:
    """Return a detached mount of what is bound; an image's tree is mounted at `place`, for a part of it to be taken."""
    if bind.layers:
        with tree.image_tree(bind.layers) as image:
            _attach(os.dup(image.descriptor), place, False)
    source = place if bind.layers else bind.source
    if not bind.beneath:
        return mounts.clone(libc.AT_FDCWD, source, recursive=bind.recursive)
    with SafeRoot.at(source) as inside:
        part = inside.open(bind.beneath, os.O_PATH)
        try:
            return mounts.clone(part, recursive=bind.recursive)
        finally:
            os.close(part)


def _shift(root: SafeRoot, bind: ReadyMount, mount: int, maps: Maps | None) -> None:
    """Give a bind the owners that belong to the tree: of one that is put together anew they are those on disk."""
    if bind.layers or not (bind.idmap or bind.ids) or (maps and not isinstance(root, ShiftedRoot)):
        return
    if not bind.ids:
        if isinstance(root, ShiftedRoot):
            kernel_userns.shift(mount, root.userns, bind.recursive, bind.source)
        return
    uids, gids = maps or ((), ())
    made = kernel_userns.create(*idmaps.parse(bind.ids, {"uidMappings": uids, "gidMappings": gids}))
    try:
        kernel_userns.shift(mount, made, bind.recursive, bind.source)
    finally:
        os.close(made)


def _bind(root: SafeRoot, bind: ReadyMount, place: str, writable: bool, maps: Maps | None) -> None:
    mount = _opened(bind, place)
    try:
        _shift(root, bind, mount, maps)
        try:
            target = root.open(bind.target, os.O_PATH)
        except FileNotFoundError:
            if not writable:
                return
            target = mountpoint.opened(root, bind.target, stat.S_ISDIR(os.fstat(mount).st_mode))
        try:
            mounts.attach(mount, target)
        finally:
            os.close(target)
        protected = libc.MOUNT_ATTR_RDONLY if bind.read_only or not writable else 0
        mounts.change(mount, _SAFE | protected, recursive=bind.recursive)
    finally:
        os.close(mount)
