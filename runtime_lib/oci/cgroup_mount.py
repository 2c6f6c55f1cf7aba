"""What a container sees of its cgroup: the mounts of type `cgroup`, as Docker and runc make them."""

from __future__ import annotations

import errno
import os

from ..linux import libc, mounts
from ..linux.cgroups.hierarchy import UNIFIED, detect
from . import plan

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .rootfs import Rootfs


def show(rootfs: Rootfs, mount: plan.Mount, paths: dict[str, str], own: bool) -> None:
    """Mount the version 2 tree; or, on hosts with version 1 controllers, a tmpfs with one folder per hierarchy.

    `paths` are the folders of the container's cgroup; `own` says that it has a cgroup namespace, whose root it is.
    """
    if set(paths) == {UNIFIED}:
        return _show_unified(rootfs, mount, paths[UNIFIED] if own else "")
    tmpfs = mounts.filesystem("tmpfs", "tmpfs", (("mode", "755"),), _flags(mount) & ~libc.MOUNT_ATTR_RDONLY)
    rootfs.place(tmpfs, mount.destination)
    for name, controllers in hierarchies(paths).items():
        _show_hierarchy(rootfs, mount, name, controllers, "" if own else paths[controllers[0]])
        for alias in aliases(name, controllers):
            os.symlink(name, alias, dir_fd=tmpfs)
    mounts.change(tmpfs, _flags(mount))  # read-only, too, now that it is filled
    os.close(tmpfs)


def hierarchies(paths: dict[str, str]) -> dict[str, list[str]]:
    """Return {name of the folder: controllers} of version 1; named hierarchies such as systemd have their name."""
    grouped: dict[str, list[str]] = {}
    for controller, folder in paths.items():
        if controller != UNIFIED:
            grouped.setdefault(folder, []).append(controller)
    return {",".join(key.partition("=")[2] or key for key in keys): keys for keys in grouped.values()}


def aliases(name: str, controllers: list[str]) -> list[str]:
    """Return the links that name one controller of a shared hierarchy: cpu -> cpu,cpuacct."""
    return [] if len(controllers) == 1 else [key for key in controllers if key != name]


def _show_unified(rootfs: Rootfs, mount: plan.Mount, folder: str) -> None:
    try:
        unified = mounts.filesystem("cgroup2", "cgroup", (), _flags(mount))
    except OSError as error:
        if error.errno != errno.EPERM:
            raise
        # A user namespace may mount it only with a cgroup namespace of its own: so it sees the host's, as with runc.
        unified = mounts.clone(libc.AT_FDCWD, folder or detect().mounts[UNIFIED], recursive=True)
    rootfs.place(unified, mount.destination)
    mounts.change(unified, _flags(mount), libc.MOUNT_ATTR_RDONLY & ~_flags(mount))
    os.close(unified)


def _show_hierarchy(rootfs: Rootfs, mount: plan.Mount, name: str, controllers: list[str], folder: str) -> None:
    if folder:
        one = mounts.clone(libc.AT_FDCWD, folder)
    else:
        words = [key.split("=") for key in controllers]
        data = [(word[0], word[1] if len(word) > 1 else None) for word in words]
        data += [("none", None)] if len(words[0]) > 1 else []
        one = mounts.filesystem("cgroup", "cgroup", data)
    rootfs.place(one, f"{mount.destination}/{name}")
    mounts.change(one, _flags(mount), libc.MOUNT_ATTR_RDONLY & ~_flags(mount))
    os.close(one)


def _flags(mount: plan.Mount) -> int:
    return plan.host_flags(mount.options)
