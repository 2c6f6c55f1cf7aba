"""What a container mounts from the host, opened before a user namespace is entered: from there no way leads to it."""

from __future__ import annotations

from ..errors import InvalidSpec
from ..linux import libc
from . import rootfs
from .report import Stage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from . import plan


def check(root: plan.Root, planned: list[plan.Mount], wanted: dict[str, str]) -> None:
    """Raise InvalidSpec for an id-mapped mount without the namespace whose ids it is to have."""
    if "user" not in wanted and (root.options.idmap or any(mount.options.idmap for mount in planned)):
        raise InvalidSpec("the mount option idmap needs a user namespace: add one to linux.namespaces")


def open_shared(planned: list[plan.Mount], bundle: str, namespace: int = -1) -> None:
    """Open the binds whose mounts are to reach the host while those of this namespace still do."""
    for each in planned:
        if each.kind == "bind" and each.options.propagation == libc.MS_SHARED:
            with Stage("mount", each.source):
                each.opened = rootfs.open_source(each, bundle, namespace)


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
        root.opened = rootfs.open_root(root, bundle, namespace)
    for each in planned:
        if each.overlay:
            _open(each, bundle, namespace)


def _open(each: plan.Mount, bundle: str, namespace: int) -> None:
    with Stage("mount", each.source if each.kind == "bind" else each.destination):
        each.opened = rootfs.open_source(each, bundle, namespace)
