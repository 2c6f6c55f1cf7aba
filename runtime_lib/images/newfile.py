"""A file that appears under its name when it is complete, or not at all."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import contextmanager, suppress

from ..errors import InvalidSpec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_NO_TMPFILE = (errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL, errno.ENOENT)  # open(2), O_TMPFILE


def check(path: str) -> None:
    """Raise InvalidSpec unless there can be a file at `path`: its folder is there, and it is no folder or device."""
    folder = os.path.dirname(os.path.realpath(path))
    if not os.path.isdir(folder):
        raise InvalidSpec(f"cannot write {path}: the folder {folder} does not exist")
    with suppress(FileNotFoundError):
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise InvalidSpec(f"cannot write {path}: it is there, and it is no file")


@contextmanager
def replacing(path: str) -> Iterator[int]:
    """Give a descriptor to write to; afterwards `path` has the content, or nothing has happened when the block raises.

    A link leads to the file that is replaced. A new file may be read by its owner alone, as images hold secrets; an old
    one keeps its mode. Raises InvalidSpec as `check`, OSError where the file system refuses.
    """
    check(path)
    target = os.path.realpath(path)
    folder = os.open(os.path.dirname(target), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with _unfinished(folder, os.path.basename(target)) as (descriptor, temporary):
            with suppress(FileNotFoundError):
                os.fchmod(descriptor, stat.S_IMODE(os.stat(target).st_mode))
            with _located(path):
                yield descriptor
                os.fdatasync(descriptor)
            _name(descriptor, temporary, folder)
            os.rename(temporary, os.path.basename(target), src_dir_fd=folder, dst_dir_fd=folder)
        os.fsync(folder)
    finally:
        os.close(folder)


@contextmanager
def _located(path: str) -> Iterator[None]:
    """Say in an OSError without a file name that this file could not be written."""
    try:
        yield
    except OSError as error:
        if error.filename is None:
            error.filename = path
        raise


@contextmanager
def _unfinished(folder: int, name: str) -> Iterator[tuple[int, str]]:
    temporary = f".{name[:180]}.{os.urandom(6).hex()}.tmp"
    descriptor = _open(folder, temporary)
    try:
        yield descriptor, temporary
    finally:
        os.close(descriptor)
        with suppress(FileNotFoundError):
            os.unlink(temporary, dir_fd=folder)


def _open(folder: int, temporary: str) -> int:
    """Open a file without a name, of which nothing is left when this process is killed; or one with a name."""
    try:
        return os.open(".", os.O_TMPFILE | os.O_WRONLY | os.O_CLOEXEC, 0o600, dir_fd=folder)
    except OSError as error:
        if error.errno not in _NO_TMPFILE:
            raise
    return os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=folder)


def _name(descriptor: int, temporary: str, folder: int) -> None:
    if os.fstat(descriptor).st_nlink == 0:
        # linkat(2) needs a folder's descriptor to be called at all; it does not look at it for an absolute path.
        os.link(f"/proc/self/fd/{descriptor}", temporary, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=True)
