"""Copy a tree by descriptors: nothing in it is followed or trusted."""

from __future__ import annotations

import errno
import os
import stat

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_CHUNK = 1 << 20
_NOT_SUPPORTED = (errno.ENOTSUP, errno.EOPNOTSUPP, errno.EPERM, errno.EINVAL)


def copy(source: int, target: int) -> None:
    """Copy the open folder `source` into the open, empty folder `target`, with the folder's own owner and mode.

    Owners, modes, times, extended attributes, hard links, devices and holes are kept; links are copied as links and
    never followed. /proc must be the host's. Raises OSError.
    """
    _Copy(target).run(source)


class _Copy:
    """One copy of a tree into the open, empty folder `target`; remembers hard links by their first path."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.links: dict[tuple[int, int], str] = {}

    def run(self, origin: int) -> None:
        # Folders are dressed after their content: a change inside would touch their times again.
        stack = [(os.dup(origin), os.dup(self.target), os.listdir(origin), "")]
        try:
            while stack:
                source, target, names, path = stack[-1]
                if names:
                    name = names.pop()
                    self._entry(stack, source, target, name, f"{path}{name}")
                    continue
                _dress(target, os.fstat(source), _attributes(f"/proc/self/fd/{source}/."))
                stack.pop()
                os.close(source)
                os.close(target)
        finally:
            for source, target, _names, _path in stack:
                os.close(source)
                os.close(target)

    def _entry(
        self, stack: list[tuple[int, int, list[str], str]], source: int, target: int, name: str, path: str
    ) -> None:
        status = os.stat(name, dir_fd=source, follow_symlinks=False)
        if stat.S_ISDIR(status.st_mode):
            os.mkdir(name, 0o700, dir_fd=target)
            inner = os.open(name, _FOLDER, dir_fd=source)
            stack.append((inner, os.open(name, _FOLDER, dir_fd=target), os.listdir(inner), f"{path}/"))
            return
        first = self.links.setdefault((status.st_dev, status.st_ino), path) if status.st_nlink > 1 else path
        if first != path:
            os.link(first, name, src_dir_fd=self.target, dst_dir_fd=target, follow_symlinks=False)
        elif stat.S_ISREG(status.st_mode):
            _file(source, target, name)
        elif stat.S_ISLNK(status.st_mode):
            os.symlink(os.readlink(name, dir_fd=source), name, dir_fd=target)
            _dress_leaf(source, target, name, status)
        else:
            os.mknod(name, status.st_mode & ~0o7777, status.st_rdev, dir_fd=target)
            _dress_leaf(source, target, name, status)


def _file(source: int, target: int, name: str) -> None:
    origin = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=source)
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        copy = os.open(name, flags, 0o600, dir_fd=target)
        try:
            status = os.fstat(origin)
            _content(origin, copy, status.st_size)
            _dress(copy, status, _attributes(f"/proc/self/fd/{source}/{name}"))
        finally:
            os.close(copy)
    finally:
        os.close(origin)


def _content(origin: int, copy: int, size: int) -> None:
    os.ftruncate(copy, size)
    offset = 0
    while offset < size:
        try:
            offset = os.lseek(origin, offset, os.SEEK_DATA)
        except OSError as error:
            if error.errno == errno.ENXIO:  # only a hole is left
                return
            raise
        end = os.lseek(origin, offset, os.SEEK_HOLE)
        while offset < end:
            data = os.pread(origin, min(_CHUNK, end - offset), offset)
            if not data:
                return
            offset += os.pwrite(copy, data, offset)


def _dress(descriptor: int, status: os.stat_result, attributes: list[tuple[str, bytes]]) -> None:
    """Give an open file or folder its owner, attributes, mode and times, in this order: chown clears what follows."""
    os.fchown(descriptor, status.st_uid, status.st_gid)
    for key, value in attributes:
        os.setxattr(descriptor, key, value)
    os.fchmod(descriptor, stat.S_IMODE(status.st_mode))
    os.utime(descriptor, ns=(status.st_atime_ns, status.st_mtime_ns))


def _dress_leaf(source: int, target: int, name: str, status: os.stat_result) -> None:
    """Do the same for what cannot be opened: links, devices, FIFOs and sockets."""
    os.chown(name, status.st_uid, status.st_gid, dir_fd=target, follow_symlinks=False)
    for key, value in _attributes(f"/proc/self/fd/{source}/{name}"):
        os.setxattr(f"/proc/self/fd/{target}/{name}", key, value, follow_symlinks=False)
    if not stat.S_ISLNK(status.st_mode):
        os.chmod(name, stat.S_IMODE(status.st_mode), dir_fd=target)
    os.utime(name, ns=(status.st_atime_ns, status.st_mtime_ns), dir_fd=target, follow_symlinks=False)


def _attributes(path: str) -> list[tuple[str, bytes]]:
    """Return the extended attributes of `path`, without overlayfs's own and the label of the place it has left."""
    try:
        keys = os.listxattr(path, follow_symlinks=False)
    except OSError as error:
        if error.errno in _NOT_SUPPORTED:
            return []
        raise
    kept = [key for key in keys if not key.startswith(("trusted.overlay.", "user.overlay.", "security.selinux"))]
    return [(key, os.getxattr(path, key, follow_symlinks=False)) for key in kept]
