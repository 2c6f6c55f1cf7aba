"""A tree that somebody may be writing to, as a tar archive: what a running container has, whatever it does meanwhile.

Nothing is followed: each name is opened in its open folder, and what it is by then decides. What vanishes is left out,
a file that became shorter is filled up with zeros. Holes are left out for a reader of our own alone (GNU's sparse
format in PAX headers): busybox cannot read them, and Docker cannot save an image that it has imported from them.
"""

from __future__ import annotations

import errno
import os
import stat

from . import attributes, tarheader, tarwriter
from .writer import entry_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from .tarheader import Entry

_PIECE = 1 << 18
_HOLE = 1 << 16  # bytes that a file must save before it is stored as a sparse one
_PIECES = 1 << 12  # of a sparse file; one with more is stored whole
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_GONE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENXIO, errno.ESTALE)


def folder(descriptor: int, name: str, contents: str, sparse: bool = False) -> Iterator[bytes]:
    """Yield the archive of an open folder: itself as the member `name` (unless it is ""), the rest below `contents`.

    With `sparse`, holes in files are left out.
    The descriptor stays open. Raises OSError where something cannot be read.
    """
    if name:
        entry = entry_of(name, os.fstat(descriptor), _attributes(descriptor))
        yield tarwriter.header(entry)
    yield from _Packer(sparse).below(os.dup(descriptor), contents)
    yield tarwriter.END


def leaf(parent: int, name: str, member: str, sparse: bool = False) -> Iterator[bytes]:
    """Yield the archive of one file, link or device in an open folder, called `member`."""
    packer = _Packer(sparse)
    yield from packer.leaf(parent, name, member)
    yield tarwriter.END


def content(member: str, data: bytes, mode: int, mtime: int) -> Iterator[bytes]:
    """Yield the archive of one file with this content; `mtime` is nanoseconds since 1970."""
    yield tarwriter.header(tarheader.Entry(member, tarheader.REGULAR, mode, len(data), mtime))
    yield data
    yield tarwriter.padding(len(data))
    yield tarwriter.END


class _Packer:
    def __init__(self, sparse: bool) -> None:
        self._sparse = sparse
        self._links: dict[tuple[int, int], str] = {}

    def below(self, descriptor: int, prefix: str) -> Iterator[bytes]:
        """Yield what an open folder holds, and close it."""
        # A stack, not recursion: the tree may be deeper than the interpreter's own stack.
        stack = [(descriptor, prefix, _names(descriptor))]
        try:
            while stack:
                parent, path, names = stack[-1]
                if not names:
                    os.close(stack.pop()[0])
                    continue
                name = names.pop()
                inner = _opened(parent, name, _FOLDER)
                if inner is None:
                    yield from self.leaf(parent, name, path + name)
                    continue
                stack.append((inner, f"{path}{name}/", _names(inner)))
                yield tarwriter.header(entry_of(f"{path}{name}/", os.fstat(inner), _attributes(inner)))
        finally:
            for opened, _path, _rest in stack:
                os.close(opened)

    def leaf(self, parent: int, name: str, member: str) -> Iterator[bytes]:
        """Yield one member that is no folder; nothing for a socket, or when it has vanished."""
        pinned = _opened(parent, name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
        if pinned is None:
            return
        try:
            status = os.fstat(pinned)
            if stat.S_ISSOCK(status.st_mode) or stat.S_ISDIR(status.st_mode):
                return
            first = self._links.setdefault((status.st_dev, status.st_ino), member) if status.st_nlink > 1 else member
            if stat.S_ISREG(status.st_mode) and first == member:
                yield from _file(f"/proc/self/fd/{pinned}", member, self._sparse)
                return
            entry = entry_of(member, status, None)
            if first != member:
                entry.kind, entry.link, entry.size = tarheader.HARD_LINK, first, 0
            elif stat.S_ISLNK(status.st_mode):
                entry.link = os.readlink("", dir_fd=pinned)
            yield tarwriter.header(entry)
        finally:
            os.close(pinned)


def _file(path: str, member: str, sparse: bool) -> Iterator[bytes]:
    """Yield a regular file; `path` is the kernel's own link to it, so that it is the one that was looked at."""
    descriptor = os.open(path, _FILE & ~os.O_NOFOLLOW)
    try:
        entry = entry_of(member, os.fstat(descriptor), _attributes(descriptor))
        pieces = _pieces(descriptor, entry) if sparse else [(0, entry.size)]
        table = b""
        if entry.sparse is not None:
            table = tarwriter.sparse_map(entry)
            entry.stored = len(table) + sum(length for _offset, length in pieces)
        yield tarwriter.header(entry)
        yield table
        for offset, length in pieces:
            yield from _data(descriptor, offset, length)
        yield tarwriter.padding(len(table) + sum(length for _offset, length in pieces))
    finally:
        os.close(descriptor)


def _pieces(descriptor: int, entry: Entry) -> list[tuple[int, int]]:
    """Return (offset, length) of what is stored; sets `entry.sparse` where the file's holes are left out."""
    whole = [(0, entry.size)]
    if os.fstat(descriptor).st_blocks * 512 + _HOLE > entry.size:
        return whole
    found: list[tuple[int, int]] = []
    end = 0
    while end < entry.size and len(found) < _PIECES:
        try:
            start = os.lseek(descriptor, end, os.SEEK_DATA)
            end = min(os.lseek(descriptor, start, os.SEEK_HOLE), entry.size)
        except OSError as error:
            if error.errno != errno.ENXIO:  # nothing but a hole is left
                return whole
            break
        if start < end:
            found.append((start, end - start))
    if len(found) == _PIECES:
        return whole
    entry.sparse = found
    return found


def _data(descriptor: int, offset: int, length: int) -> Iterator[bytes]:
    end = offset + length
    while offset < end:
        data = os.pread(descriptor, min(_PIECE, end - offset), offset)
        if not data:
            data = bytes(min(_PIECE, end - offset))
        offset += len(data)
        yield data


def _opened(parent: int, name: str, flags: int) -> int | None:
    """Open a name in an open folder; None when it has vanished or is not what the flags want."""
    try:
        return os.open(name, flags, dir_fd=parent)
    except OSError as error:
        if error.errno in _GONE:
            return None
        error.filename = name
        raise


def _names(descriptor: int) -> list[str]:
    return sorted(os.listdir(descriptor), key=os.fsencode, reverse=True)


def _attributes(descriptor: int) -> dict[str, bytes]:
    result = {}
    try:
        for key in sorted(os.listxattr(descriptor)):
            if attributes.stored(key):
                result[key] = os.getxattr(descriptor, key)
    except OSError as error:
        if error.errno not in (errno.ENOTSUP, errno.ENODATA):
            raise
    return result
