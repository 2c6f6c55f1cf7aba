"""Open the place of a mount inside a container's tree, and make it where it is missing."""

from __future__ import annotations

import errno
import os

from ..linux import libc, pathwalk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..linux.saferoot import SafeRoot

_STRICT = libc.RESOLVE_IN_ROOT | libc.RESOLVE_NO_SYMLINKS
_MOST_LINKS = 40  # as path_resolution(7) has it


def opened(root: SafeRoot, path: str, folder: bool, real: bool = False) -> int:
    """Return an O_PATH descriptor of the folder or file `path` in the tree; whatever is missing is made (root, 0755).

    Links are followed inside the tree, also one that points to nothing, as Docker does it. With `real`, no component
    may be a link: raises OSError (ELOOP).
    """
    if real:
        return _real_folder(root, path)
    return _folder(root, path) if folder else _file(root, path)


def _real_folder(root: SafeRoot, path: str) -> int:
    flags = os.O_PATH | os.O_DIRECTORY
    try:
        return pathwalk.open_at(root.descriptor, path, flags, 0, _STRICT)
    except FileNotFoundError:
        os.close(root.folder(path))
        return pathwalk.open_at(root.descriptor, path, flags, 0, _STRICT)


def _folder(root: SafeRoot, path: str) -> int:
    for _unused in range(_MOST_LINKS):
        try:
            return root.folder(path)
        except FileNotFoundError:
            path = _behind_dangling_link(root, path)
    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)


def _file(root: SafeRoot, path: str) -> int:
    for _unused in range(_MOST_LINKS):
        try:
            return root.open(path, os.O_PATH)
        except FileNotFoundError:
            pass
        folder = _folder(root, os.path.dirname(path))
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            os.close(os.open(os.path.basename(path), flags, 0o644, dir_fd=folder))
        except FileExistsError:
            path = _behind_dangling_link(root, path)
        finally:
            os.close(folder)
    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)


def _behind_dangling_link(root: SafeRoot, path: str) -> str:
    """Return `path` with its first link that points to nothing replaced by its target. It is text only."""
    done = ""
    parts = [part for part in path.split("/") if part not in ("", ".")]
    for position, name in enumerate(parts):
        target = _link(root, f"{done}/{name}")
        if target is not None and not _exists(root, f"{done}/{name}"):
            base = target if target.startswith("/") else f"{done}/{target}"
            return "/".join([base, *parts[position + 1 :]])
        done = f"{done}/{name}"
    raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)


def _link(root: SafeRoot, path: str) -> str | None:
    try:
        descriptor = root.open(path, os.O_PATH | os.O_NOFOLLOW)
    except FileNotFoundError:
        return None
    try:
        if os.fstat(descriptor).st_mode & 0o170000 != 0o120000:
            return None
        return os.readlink("", dir_fd=descriptor)
    finally:
        os.close(descriptor)


def _exists(root: SafeRoot, path: str) -> bool:
    try:
        os.close(root.open(path, os.O_PATH))
    except FileNotFoundError:
        return False
    return True
