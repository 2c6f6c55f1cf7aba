"""Build the root file system of a container: applies what `plan` decided, in the container's own mount namespace.

Nothing in the tree is trusted. Every place in it is opened by `SafeRoot` and mounted on by descriptor, so that no link
that an image holds, or that another container swaps in meanwhile, leads anything outside (CVE-2021-30465).
"""

from __future__ import annotations

import errno
import os

from ..linux import libc, mounts
from ..linux.saferoot import SafeRoot
from . import cgroup_mount, mountpoint, plan, sources
from .report import LaunchError, Stage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

_NULL = (1, 3)  # the device number of /dev/null (Documentation/admin-guide/devices.txt)


class Rootfs:
    """A root file system that is being built; `root` opens paths in it."""

    __slots__ = ("_bundle", "_late", "_masks", "_null", "descriptor", "devpts", "root")

    def __init__(self, descriptor: int, bundle: str) -> None:
        """Take over `descriptor`, the attached root mount; `bundle` is a folder for mounts that are being made."""
        self.descriptor = descriptor
        self._bundle = bundle
        self.root = SafeRoot(descriptor)
        self.devpts = -1
        self._late: list[int] = []
        self._null = _host_null()
        self._masks = -1

    def mount_all(self, planned: Iterable[plan.Mount], cgroup: dict[str, str], own_cgroups: bool) -> None:
        """Mount everything, in order. `cgroup` are the paths of the container's cgroup, for mounts that show it."""
        for each in planned:
            with Stage("mount", each.destination):
                if each.kind in ("cgroup", "cgroup2"):
                    cgroup_mount.show(self, each, cgroup, own_cgroups)
                else:
                    self._mount(each)

    def place(self, mount: int, destination: str, real_folder: bool = False) -> None:
        """Attach a detached mount at a place of the tree, which is made when it is missing, and look that it is there.

        Raises LaunchError when it did not end up there: somebody moved the place away in between.
        """
        target = mountpoint.opened(self.root, destination, _is_folder(mount), real_folder)
        try:
            mounts.attach(mount, target)
        finally:
            os.close(target)
        seen = self.root.open(destination, os.O_PATH)
        try:
            if _identity(seen) != _identity(mount):
                raise LaunchError(errno.EXDEV, "the mount point was moved while it was used", destination, "mount")
        finally:
            os.close(seen)

    def mask(self, paths: Iterable[str]) -> None:
        """Hide files behind /dev/null and folders behind an empty read-only tmpfs (OCI linux.maskedPaths)."""
        for path in paths:
            with Stage("mask", path):
                self._mask(path)

    def make_readonly(self, paths: Iterable[str]) -> None:
        """Make subtrees read-only (OCI linux.readonlyPaths); paths that do not exist are no error."""
        for path in paths:
            with Stage("mask", path):
                target = self._existing(path)
                if target < 0:
                    continue
                mount = mounts.clone(target, recursive=True)
                mounts.attach(mount, target)
                mounts.change(mount, libc.MOUNT_ATTR_RDONLY)
                os.close(mount)
                os.close(target)

    def finish(self, readonly: bool, propagation: int, pivot: bool) -> None:
        """Make read-only what could not be so while it was filled, and enter the tree for good.

        That is pivot_root(2), or without `pivot` chroot(2): the tree covers the old root, which a ramdisk needs.
        """
        with Stage("root", "/"):
            for mount in self._late:
                mounts.change(mount, libc.MOUNT_ATTR_RDONLY)
            if readonly:
                mounts.change(self.descriptor, libc.MOUNT_ATTR_RDONLY)
            if pivot:
                mounts.pivot(self.descriptor)
            else:
                os.fchdir(self.descriptor)
                os.chroot(".")
            if propagation:
                libc.mount(None, "/", None, propagation)

    def _mount(self, each: plan.Mount) -> None:
        options = each.options
        if each.kind == "bind":
            with Stage("mount", f"{each.source}/{each.beneath}" if each.beneath else each.source):
                mount = sources.of_mount(each, self._bundle)
            attributes, unwanted = options.attr_set, options.attr_clr
        else:
            mount = self._new(each)
            attributes = unwanted = 0
        if options.copy_up:
            self._copy_up(each.destination, mount)
        self.place(mount, each.destination, each.needs_real_folder)
        mounts.change(mount, attributes, unwanted)
        mounts.change(mount, options.tree_set, options.tree_clr, recursive=True)
        mounts.change(mount, 0, 0, options.propagation, options.propagation_tree)
        self._keep(each, mount)

    def _copy_up(self, destination: str, mount: int) -> None:
        """Fill a new file system with what the image has at its place (option tmpcopyup)."""
        from ..linux import treecopy  # loaded before this process was sealed, see `init.Wanted`

        try:
            origin = self.root.open(destination, os.O_RDONLY | os.O_DIRECTORY)
        except (FileNotFoundError, NotADirectoryError):
            return
        top = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=mount)
        try:
            treecopy.copy(origin, top)
        finally:
            os.close(origin)
            os.close(top)

    def _new(self, each: plan.Mount) -> int:
        if each.overlay:
            return sources.of_mount(each, self._bundle)
        wanted = plan.host_flags(each.options)
        data = each.options.data
        if each.kind == "tmpfs":
            wanted &= ~libc.MOUNT_ATTR_RDONLY
        elif plan.readonly_flag(each.options):
            data = [*data, ("ro", None)]
        return mounts.filesystem(each.kind, each.source or each.kind, data, wanted)

    def _keep(self, each: plan.Mount, mount: int) -> None:
        if each.kind == "devpts" and each.destination.rstrip("/") == "/dev/pts":
            self.devpts = mount
        elif each.kind == "tmpfs" and plan.readonly_flag(each.options):
            self._late.append(mount)
        else:
            os.close(mount)

    def _mask(self, path: str) -> None:
        target = self._existing(path)
        if target < 0:
            return
        if _is_folder(target):
            mounts.attach(self._mask_folder(), target)
        else:
            self._mask_file(target)
        os.close(target)

    def _mask_file(self, target: int) -> None:
        mount = mounts.clone(self._null)
        mounts.attach(mount, target)
        # It is the host's own inode: nobody may change its mode or owner through this mount.
        mounts.change(mount, libc.MOUNT_ATTR_RDONLY | libc.MOUNT_ATTR_NOSUID | libc.MOUNT_ATTR_NOEXEC)
        os.close(self._null)
        self._null = mount  # the next one is a copy of this, flags included

    def _mask_folder(self) -> int:
        """Return a detached mount of the one empty tmpfs that all masked folders share."""
        if self._masks < 0:
            options = [("ro", None), ("nr_blocks", "1"), ("nr_inodes", "1")]
            self._masks = mounts.filesystem("tmpfs", "tmpfs", options, libc.MOUNT_ATTR_RDONLY)
            return self._masks
        return mounts.clone(self._masks)  # it is attached by now, or it could not be cloned

    def _existing(self, path: str) -> int:
        """Return a descriptor of what is at `path`, or -1."""
        try:
            return self.root.open(path, os.O_PATH)
        except OSError as error:
            if error.errno not in (errno.ENOENT, errno.ENOTDIR):
                raise
            return -1


def prepare(root: plan.Root, bundle: str, propagation: int) -> Rootfs:
    """Mount the root file system over `/` of this (new) mount namespace, and return it.

    A lookup from `/` does not notice: it begins below the new mount. So sources of binds are found as before.
    """
    with Stage("root", root.path or bundle):
        libc.mount(None, "/", None, propagation)
        libc.mount(None, "/", None, libc.MS_PRIVATE)  # shared, the host's own root would be covered as well
        mount = sources.of_root(root, bundle)
        place = os.open("/", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        mounts.attach(mount, place)
        os.close(place)
        mounts.change(mount, 0, propagation=libc.MS_PRIVATE)
        return Rootfs(mount, bundle)


def _host_null() -> int:
    """Return a descriptor of the host's /dev/null, known to be that device (CVE-2025-31133)."""
    descriptor = os.open("/dev/null", os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
    status = os.fstat(descriptor)
    if status.st_mode & 0o170000 != 0o020000 or (os.major(status.st_rdev), os.minor(status.st_rdev)) != _NULL:
        raise LaunchError(errno.ENODEV, "the host's /dev/null is not the null device", "/dev/null", "mask")
    return descriptor


def _is_folder(descriptor: int) -> bool:
    return os.fstat(descriptor).st_mode & 0o170000 == 0o040000


def _identity(descriptor: int) -> tuple[int, int]:
    status = os.fstat(descriptor)
    return status.st_dev, status.st_ino


def paths(config: dict[str, Any], name: str) -> list[str]:
    """Return linux.maskedPaths or linux.readonlyPaths."""
    return list((config.get("linux") or {}).get(name) or ())
