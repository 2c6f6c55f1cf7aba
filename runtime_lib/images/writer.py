"""The tar of a layer's folder: the same tree always gives the same bytes.

Names are sorted, overlayfs's whiteouts and opaque folders become those of the OCI image spec (layer.md#whiteouts), and
hard links are links to the first of their names.
"""

from __future__ import annotations

import hashlib
import os
import stat
from zlib import crc32

from ..errors import CorruptData
from . import attributes, inodes, tarheader, tarwriter
from .tarheader import Entry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from collections.abc import Set as AbstractSet

    from .recipe import Recorder

    Part = tuple[bytes, str, int]

_PIECE = 1 << 20
_OPEN_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_PIN = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC
_KINDS = {
    stat.S_IFREG: tarheader.REGULAR,
    stat.S_IFLNK: tarheader.SYMLINK,
    stat.S_IFCHR: tarheader.CHARACTER,
    stat.S_IFBLK: tarheader.BLOCK_DEVICE,
    stat.S_IFIFO: tarheader.FIFO,
    stat.S_IFDIR: tarheader.FOLDER,
}


def measure(folder: str, recorder: Recorder | None = None) -> tuple[str, int]:
    """Return (diff id, bytes of the regular files) of a layer's folder; `recorder` is told of its archive."""
    total = hashlib.sha256()
    walk = _Walk(folder)
    for piece, path, offset in walk.parts():
        total.update(piece)
        if recorder and path:
            recorder.content(path, offset, len(piece), crc32(piece))
        elif recorder:
            recorder.literal(piece)
    return f"sha256:{total.hexdigest()}", walk.size


def pieces(folder: str, leave_out: AbstractSet[str] = frozenset()) -> Iterator[bytes]:
    """Yield the tar of a layer's folder, without some paths ("/etc/hosts") and what is below them.

    Raises OSError where it cannot be read, CorruptData where somebody writes to it meanwhile.
    """
    return (piece for piece, _path, _offset in _Walk(folder, leave_out).parts())


class _Walk:
    def __init__(self, folder: str, leave_out: AbstractSet[str] = frozenset()) -> None:
        self.size = 0
        self._folder = folder
        self._leave_out = leave_out
        self._links: dict[tuple[int, int], str] = {}

    def parts(self) -> Iterator[Part]:
        """Yield the archive; where a piece is of a file, with its path and offset."""
        root = os.open(self._folder, _OPEN_FOLDER)
        # A stack, not recursion: a build step may have made a tree deeper than the interpreter's own stack.
        stack = [(root, "", _names(root))]
        try:
            yield from self._root(root)
            while stack:
                descriptor, prefix, names = stack[-1]
                if not names:
                    os.close(stack.pop()[0])
                    continue
                name = names.pop()
                below = yield from self._member(descriptor, prefix, name)
                if below >= 0:
                    stack.append((below, f"{prefix}{name}/", _names(below)))
            yield tarwriter.END, "", 0
        finally:
            for descriptor, _prefix, _rest in stack:
                os.close(descriptor)

    def _root(self, descriptor: int) -> Iterator[Part]:
        status = os.fstat(descriptor)
        yield tarwriter.header(entry_of("./", status, _attributes(descriptor, self._folder))), "", 0
        if inodes.is_opaque(descriptor):
            yield tarwriter.header(Entry(".wh..wh..opq", tarheader.REGULAR)), "", 0

    def _member(self, parent: int, prefix: str, name: str) -> Generator[Part, None, int]:
        """Yield one member; return the descriptor of a folder to descend into, or -1."""
        path = prefix + name
        if self._leave_out and f"/{path}" in self._leave_out:
            return -1
        status = os.stat(name, dir_fd=parent, follow_symlinks=False)
        kind = stat.S_IFMT(status.st_mode)
        if kind == stat.S_IFCHR and status.st_rdev == 0:
            yield tarwriter.header(Entry(f"{prefix}.wh.{name}", tarheader.REGULAR)), "", 0
            return -1
        if kind == stat.S_IFDIR:
            return (yield from _folder_member(parent, path, name, status))
        if kind not in _KINDS:
            return -1  # a socket: nobody listens in an image
        first = self._links.setdefault((status.st_dev, status.st_ino), path) if status.st_nlink > 1 else path
        if first == path and kind == stat.S_IFREG:
            self.size += status.st_size
            yield from _file(parent, path, name, status)
            return -1
        entry = entry_of(path, status, None)
        if first != path:
            entry.kind, entry.link, entry.size = tarheader.HARD_LINK, first, 0
        elif kind == stat.S_IFLNK:
            entry.link = os.readlink(name, dir_fd=parent)
        yield tarwriter.header(entry), "", 0
        return -1


def _folder_member(parent: int, path: str, name: str, status: os.stat_result) -> Generator[Part, None, int]:
    descriptor = os.open(name, _OPEN_FOLDER, dir_fd=parent)
    try:
        yield tarwriter.header(entry_of(path + "/", status, _attributes(descriptor, path))), "", 0
        if inodes.is_opaque(descriptor):
            yield tarwriter.header(Entry(f"{path}/.wh..wh..opq", tarheader.REGULAR)), "", 0
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _file(parent: int, path: str, name: str, status: os.stat_result) -> Iterator[Part]:
    descriptor = _opened(parent, name, path)
    try:
        yield tarwriter.header(entry_of(path, status, _attributes(descriptor, path))), "", 0
        left = status.st_size
        while left:
            data = os.read(descriptor, min(left, _PIECE))
            if not data:
                raise CorruptData(f"{path} became shorter while it was read; nothing may write to a layer")
            yield data, path, status.st_size - left
            left -= len(data)
        yield tarwriter.padding(status.st_size), "", 0
    finally:
        os.close(descriptor)


def _opened(parent: int, name: str, path: str) -> int:
    """Open a regular file, and never a device or pipe that somebody has put into its place."""
    pinned = os.open(name, _PIN, dir_fd=parent)
    try:
        if not stat.S_ISREG(os.fstat(pinned).st_mode):
            raise CorruptData(f"{path} was replaced while it was read; nothing may write to a layer")
        return os.open(f"/proc/self/fd/{pinned}", os.O_RDONLY | os.O_CLOEXEC)
    finally:
        os.close(pinned)


def _names(descriptor: int) -> list[str]:
    """Return the names in a folder, the first one last."""
    return sorted(os.listdir(descriptor), key=os.fsencode, reverse=True)


def entry_of(path: str, status: os.stat_result, xattrs: dict[str, bytes] | None) -> Entry:
    """Return a member for what has this status. Raises KeyError for what no archive has: sockets."""
    kind = _KINDS[stat.S_IFMT(status.st_mode)]
    size = status.st_size if kind == tarheader.REGULAR else 0
    entry = Entry(path, kind, status.st_mode & 0o7777, size, status.st_mtime_ns)
    entry.uid, entry.gid = status.st_uid, status.st_gid
    if kind in (tarheader.CHARACTER, tarheader.BLOCK_DEVICE):
        entry.major, entry.minor = os.major(status.st_rdev), os.minor(status.st_rdev)
    entry.xattrs = xattrs
    return entry


def _attributes(descriptor: int, path: str) -> dict[str, bytes]:
    result = {}
    for key in sorted(os.listxattr(descriptor)):
        if key in ("trusted.overlay.redirect", "trusted.overlay.metacopy"):
            raise CorruptData(f"{path}: the overlay was mounted with redirect_dir or metacopy, which no layer can hold")
        if attributes.stored(key):
            result[key] = os.getxattr(descriptor, key)
    return result
