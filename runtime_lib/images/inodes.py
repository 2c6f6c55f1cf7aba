"""What an archive's entry says of one inode, given to it by descriptor or by its name in an open folder."""

from __future__ import annotations

import errno
import os
import stat

from . import attributes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .tarheader import Entry

_OPEN_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def own(descriptor: int, entry: Entry) -> None:
    """Give an open file or folder the owner, mode, attributes and time of an entry."""
    # In this order: a change of owner clears setuid bits and file capabilities (chown(2)).
    os.fchown(descriptor, entry.uid, entry.gid)
    os.fchmod(descriptor, entry.mode)
    set_attributes(descriptor, entry)
    os.utime(descriptor, ns=(entry.mtime, entry.mtime))


def set_attributes(target: int | str, entry: Entry) -> None:
    """Set the extended attributes of an entry that a layer may hold."""
    for key, value in (entry.xattrs or {}).items():
        if not attributes.stored(key):
            continue
        try:
            os.setxattr(target, key, value, follow_symlinks=isinstance(target, int))
        except OSError as error:
            # user.* is refused on links and nodes, and by file systems without attributes: nothing depends on it.
            if error.errno not in (errno.ENOTSUP, errno.EPERM) or not key.startswith("user."):
                raise


def make_opaque(name: str, parent: int) -> None:
    """Have a folder hide what lower layers have in it."""
    descriptor = os.open(name, _OPEN_FOLDER, dir_fd=parent)
    try:
        os.setxattr(descriptor, "trusted.overlay.opaque", b"y")
    finally:
        os.close(descriptor)


def is_whiteout(status: os.stat_result) -> bool:
    """Whether it is overlayfs's mark of a removed name."""
    return stat.S_ISCHR(status.st_mode) and status.st_rdev == 0


def same(status: os.stat_result, parent: int, name: str) -> bool:
    """Whether a name is the very inode of `status`."""
    try:
        present = os.stat(name, dir_fd=parent, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return (present.st_dev, present.st_ino) == (status.st_dev, status.st_ino)


def is_opaque(descriptor: int) -> bool:
    """Whether an open folder is one of overlayfs's that hide what lower layers have in it."""
    try:
        return os.getxattr(descriptor, "trusted.overlay.opaque") == b"y"
    except OSError:
        return False  # no such attribute, or a file system without attributes
