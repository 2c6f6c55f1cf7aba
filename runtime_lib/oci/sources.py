"""What a container mounts, as detached mounts: trees of the host, overlays and parts of them, with ids mapped.

Each is a descriptor, the caller's. What `outside` opened before the user namespace was entered is given back as it is.
"""

from __future__ import annotations

import errno
import os

from ..linux import kernel, libc, mounts, userns
from ..linux.saferoot import SafeRoot
from . import plan


def of_root(root: plan.Root, bundle: str, namespace: int = -1) -> int:
    """Return a mount of the root file system; of an id-mapped one the ids are those of `namespace`."""
    if root.opened >= 0:
        return root.opened
    if root.layers:
        return of_overlay(root, bundle, namespace)
    mount = mounts.clone(libc.AT_FDCWD, root.path, recursive=True)
    if root.options.idmap:
        userns.shift(mount, namespace, True, root.path)
    return mount


def of_mount(each: plan.Mount, bundle: str, namespace: int = -1) -> int:
    """Return a mount of what a bind names, or of an overlay; `namespace` is the user namespace of id-mapped ones."""
    if each.opened >= 0:
        return each.opened
    if each.overlay:
        return _overlaid(each, each.overlay, bundle, namespace)
    if each.beneath:
        with SafeRoot.at(each.source) as tree:
            mount = _part(tree, each.beneath, each.options.recursive)
    else:
        mount = mounts.clone(libc.AT_FDCWD, each.source, each.options.recursive)
    if each.options.idmap:
        userns.shift(mount, namespace if each.maps is None else each.namespace, each.options.idmap_tree, each.source)
    return mount


def _overlaid(each: plan.Mount, overlay: plan.Root, bundle: str, namespace: int) -> int:
    mount = of_overlay(overlay, bundle, namespace)
    if not each.beneath:
        return mount
    # The kernel copies parts of attached mounts only; for a moment this one lies over the bundle, in our namespace.
    place = os.open(bundle, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    mounts.attach(mount, place)
    os.close(place)
    with SafeRoot(mount) as tree:
        part = _part(tree, each.beneath, False)
        libc.umount2(f"/proc/self/fd/{mount}", libc.MNT_DETACH)
    return part


def _part(tree: SafeRoot, path: str, recursive: bool) -> int:
    """Return the mount of one path of a tree."""
    found = tree.open(path, os.O_PATH)
    try:
        return mounts.clone(found, "", recursive)
    finally:
        os.close(found)


def of_overlay(root: plan.Root, bundle: str, namespace: int = -1) -> int:
    """Return a mount of an overlay; an id-mapped one has layers whose ids are those of `namespace`."""
    if not root.options.idmap:
        return _overlay(root, bundle)
    try:
        with userns.shifted_layers(root.layers, root.upper, namespace):
            return _overlay(root, bundle)
    except OSError as error:
        if error.errno == errno.EINVAL:
            kernel.require(userns.OLDEST, "an overlay with the option idmap")
        raise


def _overlay(root: plan.Root, bundle: str) -> int:
    layers, upper, work = root.layers, root.upper, root.work
    named = ("lowerdir", "upperdir", "workdir")
    data = [(key, value) for key, value in root.options.data if key not in named]
    attributes = plan.host_flags(root.options)
    try:
        return mounts.overlay(layers, upper, work, data, attributes)
    except OSError as error:
        if error.errno != errno.EINVAL or not mounts.lacks_single_layers():
            raise
        return mounts.overlay_by_mount(layers, upper, work, data, attributes, bundle)
