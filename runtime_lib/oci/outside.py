"""What a container mounts from the host, opened before a user namespace is entered: from there no way leads to it."""

from __future__ import annotations

import os
import stat

from ..errors import InvalidSpec
from ..linux import libc, mounts, userns
from . import sources
from .report import Stage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from . import plan


def check(root: plan.Root, planned: list[plan.Mount], wanted: dict[str, str]) -> None:
    """Raise InvalidSpec for an id-mapped mount without the namespace whose ids it is to have."""
    shifted = root.options.idmap or any(mount.options.idmap and mount.maps is None for mount in planned)
    if "user" not in wanted and shifted:
        raise InvalidSpec("the mount option idmap needs a user namespace: add one to linux.namespaces")


def make_maps(planned: list[plan.Mount]) -> None:
    """Make the user namespaces of id-mapped mounts whose ids are not those of the container."""
    made: dict[str, int] = {}
    for each in planned:
        if each.maps is not None:
            with Stage("mount", each.destination):
                each.namespace = made.setdefault(each.options.ids, -1)
                if each.namespace < 0:
                    each.namespace = made[each.options.ids] = userns.create(*each.maps)


def open_shared(planned: list[plan.Mount], bundle: str, namespace: int = -1) -> None:
    """Open the binds whose mounts are to reach the host while those of this namespace still do."""
    for each in planned:
        if each.kind == "bind" and each.options.propagation == libc.MS_SHARED:
            with Stage("mount", each.source):
                each.opened = sources.of_mount(each, bundle, namespace)


def open_sources(root: plan.Root, planned: list[plan.Mount], bundle: str, propagation: int, namespace: int) -> None:
    """Open binds, overlays and the root file system as detached mounts: `opened` of each.

    They are made in a mount namespace in between, whose ties to the host are those that the container's will have,
    until overlays, which come last, have cut them. Raises OSError, HostLacks.
    """
    with Stage("namespace", "mount"):
        libc.unshare(libc.CLONE_NEWNS)
        open_shared(planned, bundle, namespace)
        libc.mount(None, "/", None, propagation)
    for each in planned:
        if each.kind == "bind":
            _open(each, bundle, namespace)
    with Stage("root", root.path or bundle):
        root.opened = sources.of_root(root, bundle, namespace)
    for each in planned:
        if each.overlay:
            _open(each, bundle, namespace)


def _open(each: plan.Mount, bundle: str, namespace: int) -> None:
    with Stage("mount", each.source if each.kind == "bind" else each.destination):
        each.opened = sources.of_mount(each, bundle, namespace)


def hold(root: plan.Root, planned: list[plan.Mount], bundle: str) -> None:
    """Attach what was opened in this mount namespace, with its flags, and change to the folder of it.

    In a copy of it that belongs to another user namespace all flags are locked (mount_namespaces(7)): otherwise root of
    the container, where it may mount, could lift ro and nodev. A mount that is to stay shared with the host, which a
    copy is not, is left as it is.
    """
    with Stage("namespace", "mount"):
        libc.mount(None, "/", None, libc.MS_PRIVATE | libc.MS_REC)
        folder = mounts.filesystem("tmpfs", "tmpfs", [("mode", "755")])
        _attach(folder, bundle)
        os.chdir(bundle)
    for number, each in enumerate(_held(root, planned)):
        with Stage("mount", getattr(each, "destination", "/")):
            mounts.change(each.opened, each.options.attr_set, each.options.attr_clr)
            mounts.change(each.opened, each.options.tree_set, each.options.tree_clr, recursive=True)
            _make_place(str(number), stat.S_ISDIR(os.fstat(each.opened).st_mode))
            _attach(each.opened, str(number))


def take(root: plan.Root, planned: list[plan.Mount]) -> None:
    """Open in a copy of the mount namespace what `hold` has attached there."""
    for number, each in enumerate(_held(root, planned)):
        each.opened = mounts.clone(libc.AT_FDCWD, str(number), recursive=True)
    os.chdir("/")


def _held(root: plan.Root, planned: list[plan.Mount]) -> list[plan.Root | plan.Mount]:
    own = [each for each in planned if each.opened >= 0 and each.options.propagation != libc.MS_SHARED]
    return [root, *own]


def _make_place(name: str, is_folder: bool) -> None:
    if is_folder:
        os.mkdir(name)
    else:
        os.close(os.open(name, os.O_CREAT | os.O_EXCL | os.O_CLOEXEC))


def _attach(mount: int, path: str) -> None:
    place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    mounts.attach(mount, place)
    os.close(place)
    os.close(mount)
