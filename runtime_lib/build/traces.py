"""What the runtime leaves in a container's tree although the command has not made it: mount points.

Docker has them in a layer of its own below the container's, and BuildKit removes them after the RUN; here they are
taken out of the upper folder again, by paths that resolve inside of it (CVE-2024-23652).
"""

from __future__ import annotations

import os
import stat

from ..containers.tree import image_tree
from ..linux.saferoot import SafeRoot

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_PLACES = ("proc", "sys", "dev", "etc/resolv.conf", "etc/hostname", "etc/hosts")
_MOST_LINKS = 40  # as path_resolution(7) has it


class Traces:
    """The mount points of one RUN, and how they are in the image; made before it runs."""

    def __init__(self, folders: Sequence[str], targets: Sequence[str]) -> None:
        """Look at the image, whose layers' folders are given; `targets` are where more is mounted."""
        self._before: dict[str, tuple[int, int, int] | None] = {}
        with image_tree(folders) as root:
            for place in (*_PLACES, *targets):
                parts = _resolved(root, place)
                for length in range(1, len(parts) + 1):
                    path = "/".join(parts[:length])
                    self._before[path] = _look(root, path)

    def remove(self, upper: str) -> None:
        """Remove the mount points that the image lacks and nobody has filled, and folders that are as they were."""
        with SafeRoot.at(upper) as root:
            for place in sorted(self._before, reverse=True):  # what lies in a folder goes before it
                status = self._before[place]
                if status is None or (stat.S_ISDIR(status[0]) and _look(root, place) == status):
                    _remove_empty(root, place)


def _resolved(root: SafeRoot, path: str) -> list[str]:
    """Return the names of the place that a path of the tree leads to; what is missing is as written."""
    left = [part for part in reversed(path.split("/")) if part]
    done: list[str] = []
    links = 0
    while left:
        name = left.pop()
        link = _link(root, "/".join([*done, name])) if links < _MOST_LINKS else None
        if name == "..":
            del done[-1:]
        elif link is not None:
            links += 1
            left += [part for part in reversed(link.split("/")) if part]
            done = [] if link.startswith("/") else done
        elif name != ".":
            done.append(name)
    return done


def _link(root: SafeRoot, path: str) -> str | None:
    try:
        descriptor = root.open(f"/{path}", os.O_PATH | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        return os.readlink("", dir_fd=descriptor) if stat.S_ISLNK(os.fstat(descriptor).st_mode) else None
    finally:
        os.close(descriptor)


def _look(root: SafeRoot, place: str) -> tuple[int, int, int] | None:
    """Return (mode, uid, gid) of what lies at a place, None when there is nothing."""
    try:
        descriptor = root.open(f"/{place}", os.O_PATH | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        status = os.fstat(descriptor)
        return status.st_mode, status.st_uid, status.st_gid
    finally:
        os.close(descriptor)


def _remove_empty(root: SafeRoot, place: str) -> None:
    try:
        parent, name = root.parent(f"/{place}")
    except OSError:
        return  # its folder was not made
    try:
        status = os.stat(name, dir_fd=parent, follow_symlinks=False)
        if stat.S_ISDIR(status.st_mode):
            if not _is_opaque(parent, name):
                os.rmdir(name, dir_fd=parent)
        elif stat.S_ISREG(status.st_mode) and not status.st_size:
            os.unlink(name, dir_fd=parent)
    except OSError:
        return  # it is not there, or the command has put something into it, which is part of the layer
    finally:
        os.close(parent)


def _is_opaque(parent: int, name: str) -> bool:
    """Whether a folder hides what the image has under its name: the command has removed and made it again."""
    try:
        return os.getxattr(f"/proc/self/fd/{parent}/{name}", "trusted.overlay.opaque") == b"y"
    except OSError:
        return False
