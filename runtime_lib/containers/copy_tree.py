"""The container's end of `docker cp`: paths in the tree of `view`, which are resolved as if it were /."""

from __future__ import annotations

import errno
import os
import stat

from ..errors import InvalidSpec, WrongState
from ..linux.saferoot import SafeRoot
from . import copy_paths
from .config_mounts import clean
from .copy_paths import Target

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .spec import ContainerSpec

_MOST_LINKS = 40  # as path_resolution(7) has it


def look(root: SafeRoot, path: str) -> os.stat_result:
    """Return what is at a path, whose last name is not followed unless a slash stands behind it. Raises OSError."""
    head, _unused, name = path.rpartition("/")
    parent = root.open(head or "/", os.O_PATH | os.O_DIRECTORY)
    try:
        return os.stat(name or ".", dir_fd=parent, follow_symlinks=False)
    except OSError as error:
        error.filename = path
        raise
    finally:
        os.close(parent)


def resolve(root: SafeRoot, path: str) -> str:
    """Return the path of what a link leads to in the end, also when nothing is there. Raises OSError."""
    for _unused in range(_MOST_LINKS):
        head, _slash, name = path.rstrip("/").rpartition("/")
        try:
            parent = root.open(head or "/", os.O_PATH | os.O_DIRECTORY)
        except FileNotFoundError:
            return path
        folder = ""
        try:
            folder = real(root, parent)
            linked = os.readlink(name, dir_fd=parent) if name else ""
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.ENOENT):
                raise
            return f"{folder.rstrip('/')}/{name}"
        finally:
            os.close(parent)
        if not linked:
            return folder
        path = linked if linked.startswith("/") else f"{folder}/{linked}"
    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)


def real(root: SafeRoot, descriptor: int) -> str:
    """Return where in the tree an open folder is, whatever links led there."""
    top = os.readlink(f"/proc/self/fd/{root.descriptor}").rstrip("/")
    return os.readlink(f"/proc/self/fd/{descriptor}")[len(top) :] or "/"


def target(root: SafeRoot, path: str) -> Target:
    """Return the place of a copy. Raises InvalidSpec for a device."""
    path = copy_paths.absolute(path)
    try:
        found = look(root, path)
        if stat.S_ISLNK(found.st_mode):
            path = resolve(root, path)
            found = look(root, path)
    except (FileNotFoundError, NotADirectoryError):
        return Target(path)
    if stat.S_ISCHR(found.st_mode) or stat.S_ISBLK(found.st_mode):
        raise InvalidSpec(f"{path} is a device in the container: name a folder or a file")
    return Target(path, True, stat.S_ISDIR(found.st_mode))


def writable(spec: ContainerSpec, path: str) -> None:
    """Raise WrongState when a path lies in something that the container mounts read-only."""
    inside = [
        mount for mount in spec.mounts if mount.kind != "tmpfs" and f"{path}/".startswith(f"{clean(mount.target)}/")
    ]
    if any(mount.read_only for mount in sorted(inside, key=lambda mount: len(mount.target))[-1:]):
        raise WrongState(f"{path} lies in a mount of the container that is read-only; nothing can be copied there")
    if not inside and spec.read_only:
        raise WrongState(
            f"the container's root is read-only, so that nothing can be copied to {path}; name a volume's path"
        )
