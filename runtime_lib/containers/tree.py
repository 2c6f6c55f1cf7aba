"""A look into a container's tree while it is not running: an overlay of its layers that is mounted nowhere."""

from __future__ import annotations

import os
from contextlib import contextmanager

from ..images.layers import EMPTY
from ..linux import libc, mounts
from ..linux.saferoot import SafeRoot

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_SAFE = libc.MOUNT_ATTR_NOSUID | libc.MOUNT_ATTR_NODEV | libc.MOUNT_ATTR_NOEXEC


@contextmanager
def image_tree(layers: Sequence[str]) -> Iterator[SafeRoot]:
    """Give the tree of an image, read-only; `layers` has the top one first."""
    with _opened(at_least_two(layers), "", "", libc.MOUNT_ATTR_RDONLY) as root:
        yield root


def at_least_two(layers: Sequence[str]) -> tuple[str, ...]:
    """Return the folders of an overlay without a writable one: the kernel refuses one folder alone."""
    return tuple(layers) if len(layers) > 1 else (*layers, _empty(layers[0]))


@contextmanager
def container_tree(layers: Sequence[str], folder: str) -> Iterator[SafeRoot]:
    """Give the writable tree of a container that does not run; `folder` holds its `upper` and `work`."""
    with _opened(layers, f"{folder}/upper", f"{folder}/work", 0) as root:
        yield root


@contextmanager
def running_tree(pid: int) -> Iterator[SafeRoot]:
    """Give the tree that process `pid` of a running container has as its root."""
    with SafeRoot.at(f"/proc/{pid}/root") as root:
        yield root


@contextmanager
def _opened(lower: Sequence[str], upper: str, work: str, attributes: int) -> Iterator[SafeRoot]:
    here = os.open(".", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        root = SafeRoot(mounts.overlay_on_any_kernel(lower, upper, work, attributes | _SAFE))
    finally:
        os.fchdir(here)
        os.close(here)
    with root:
        yield root


def _empty(layer: str) -> str:
    """Return a folder that adds nothing."""
    folder = f"{os.path.dirname(layer)}/{EMPTY}"
    os.makedirs(folder, mode=0o700, exist_ok=True)
    return folder
