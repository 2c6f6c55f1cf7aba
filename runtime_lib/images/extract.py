"""Unpack one layer into a folder that then is an overlayfs layer.

A layer is a stranger's list of paths: each is resolved by the kernel as if the folder were `/`, and the last name is
made or changed through a descriptor without following it. So an entry lands inside the folder or is refused.
Whiteouts (OCI image spec, layer.md#whiteouts) become overlayfs's own form (kernel, filesystems/overlayfs.rst).
"""

from __future__ import annotations

import errno
import os
import stat
from zlib import crc32

from ..errors import CorruptData
from ..linux import trees
from ..linux.saferoot import SafeRoot
from ..linux.writing import write_all
from . import inodes, tarheader
from .paths import split
from .tarreader import TarReader

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .recording import Recording
    from .tarheader import Entry

WHITEOUT = ".wh."
OPAQUE = ".wh..wh..opq"
_CACHED = 64  # descriptors of folders
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_OPEN_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NODES = {
    tarheader.CHARACTER: stat.S_IFCHR,
    tarheader.BLOCK_DEVICE: stat.S_IFBLK,
    tarheader.FIFO: stat.S_IFIFO,
}
# What an archive can provoke; everything else (no space, no memory, an I/O error) is the host's own trouble.
_PROVOKED = frozenset(
    (errno.ENOENT, errno.ENOTDIR, errno.EEXIST, errno.EISDIR, errno.ELOOP, errno.ENAMETOOLONG, errno.EINVAL)
    + (errno.EPERM, errno.EXDEV, errno.EMLINK, errno.EOVERFLOW, errno.EFBIG, errno.ENOTEMPTY, errno.EBUSY)
)


def layer(reader: TarReader, folder: str, recording: Recording | None = None) -> int:
    """Unpack all entries into `folder`; return the bytes of the regular files.

    `recording` is told which parts of the archive became which file's content.
    Raises CorruptData for an entry that cannot be unpacked, and OSError where the host fails.
    """
    with Extractor(SafeRoot.at(folder), recording) as extractor:
        every_entry(reader, extractor, folder)
    return extractor.size


def every_entry(reader: TarReader, extractor: Extractor, folder: str) -> None:
    """Unpack all entries with an extractor of `folder`, whose path is only told. Raises as `layer` does."""
    for entry in reader:
        try:
            extractor.add(entry, reader)
        except OSError as error:
            if error.errno not in _PROVOKED:
                raise OSError(error.errno, error.strerror, error.filename or f"{folder}/{entry.name}") from error
            raise CorruptData(f"entry {entry.name[:300]!r} cannot be unpacked: {error.strerror}") from error
    extractor.finish()


class Extractor:
    """Makes entry after entry in a tree; a context manager, which closes the tree's root."""

    def __init__(self, root: SafeRoot, recording: Recording | None = None) -> None:
        self.size = 0
        self._root = root
        self._recording = recording
        self._parents: dict[str, int] = {}
        self._places: dict[int, str] = {}  # of the folders that are open as parents
        self._times: dict[str, int] = {}

    def __enter__(self) -> Extractor:
        return self

    def __exit__(self, *_unused: object) -> None:
        self._forget()
        self._root.close()

    def add(self, entry: Entry, reader: TarReader) -> None:
        """Make what one entry says."""
        head, name = split(entry.name)
        if not name:
            return self._root_folder(entry)
        if name.startswith(WHITEOUT):
            return self._whiteout(head, name)
        self._make(entry, head, name, reader)

    def _make(self, entry: Entry, head: str, name: str, reader: TarReader) -> None:
        parent = self._parent(head)
        kind = entry.kind
        if kind in (tarheader.REGULAR, tarheader.GNU_SPARSE):
            self._file(entry, parent, name, reader)
        elif kind == tarheader.FOLDER:
            self._folder(entry, parent, head, name)
        elif kind == tarheader.SYMLINK:
            self._retry(parent, name, lambda: os.symlink(entry.link, name, dir_fd=parent))
            self._finish_node(entry, parent, name)
        elif kind == tarheader.HARD_LINK:
            self._hard_link(entry, parent, name)
        elif kind in _NODES:
            self._node(entry, parent, name)
        else:
            raise CorruptData(f"layer entry {entry.name[:300]!r} is of the unknown type {kind!r}")

    def finish(self) -> None:
        """Set the times of the folders, which every entry made in them has changed."""
        for path, mtime in self._times.items():
            try:
                descriptor = self._root.open(path, _OPEN_FOLDER)
            except (FileNotFoundError, NotADirectoryError):
                continue  # a later entry has replaced it
            try:
                os.utime(descriptor, ns=(mtime, mtime))
            finally:
                os.close(descriptor)

    def _parent(self, head: str) -> int:
        descriptor = self._parents.get(head)
        if descriptor is None:
            if len(self._parents) >= _CACHED:
                self._forget()
            descriptor = self._parents[head] = self._root.folder(f"/{head}")
        return descriptor

    def _place(self, recording: Recording, parent: int) -> str:
        place = self._places.get(parent)
        if place is None:
            place = self._places[parent] = recording.place(parent)
        return place

    def _forget(self, still_used: int = -1) -> None:
        kept = {}
        self._places.clear()
        for head, descriptor in self._parents.items():
            if descriptor == still_used:
                kept[f"//{head}"] = descriptor  # closed later, found by nobody
            else:
                os.close(descriptor)
        self._parents = kept

    def _file(self, entry: Entry, parent: int, name: str, reader: TarReader) -> None:
        try:
            descriptor = os.open(name, _NEW_FILE, 0o600, dir_fd=parent)
        except FileExistsError:
            self._clear(parent, name)
            descriptor = os.open(name, _NEW_FILE, 0o600, dir_fd=parent)
        try:
            written = _write(descriptor, entry, reader)
            if self._recording and written:
                place = self._place(self._recording, parent)
                for offset, length, total in written:
                    self._recording.content(place, name, offset, length, total)
            inodes.own(descriptor, entry)
        finally:
            os.close(descriptor)
        self.size += entry.size

    def _folder(self, entry: Entry, parent: int, head: str, name: str) -> None:
        hides = False
        try:
            os.mkdir(name, 0o700, dir_fd=parent)
        except FileExistsError:
            present = os.stat(name, dir_fd=parent, follow_symlinks=False)
            if not stat.S_ISDIR(present.st_mode):
                hides = self._hides(present)
                self._clear(parent, name)
                os.mkdir(name, 0o700, dir_fd=parent)
        descriptor = os.open(name, _OPEN_FOLDER, dir_fd=parent)
        try:
            inodes.own(descriptor, entry)
            if hides:
                os.setxattr(descriptor, "trusted.overlay.opaque", b"y")
        finally:
            os.close(descriptor)
        self._times[f"/{head}/{name}"] = entry.mtime

    def _hides(self, present: os.stat_result) -> bool:
        """Whether a folder in the place of what is there has to hide the one of lower layers."""
        return inodes.is_whiteout(present)

    def _root_folder(self, entry: Entry) -> None:
        if entry.kind != tarheader.FOLDER:
            raise CorruptData(f"layer entry {entry.name[:300]!r} would replace the root folder")
        descriptor = self._root.open("/", _OPEN_FOLDER)
        try:
            inodes.own(descriptor, entry)
        finally:
            os.close(descriptor)
        self._times["/"] = entry.mtime

    def _hard_link(self, entry: Entry, parent: int, name: str) -> None:
        head, target = split(entry.link)
        if not target:
            raise CorruptData(f"layer entry {entry.name[:300]!r} is a hard link to the root folder")
        source = self._root.open(f"/{head}", os.O_PATH | os.O_DIRECTORY)
        try:
            status = os.stat(target, dir_fd=source, follow_symlinks=False)
            if inodes.same(status, parent, name):
                return
            self._retry(
                parent,
                name,
                lambda: os.link(target, name, src_dir_fd=source, dst_dir_fd=parent, follow_symlinks=False),
            )
        finally:
            os.close(source)

    def _node(self, entry: Entry, parent: int, name: str) -> None:
        device = os.makedev(entry.major, entry.minor)
        mode = _NODES[entry.kind] | 0o600
        self._retry(parent, name, lambda: os.mknod(name, mode, device, dir_fd=parent))
        self._finish_node(entry, parent, name)

    def _finish_node(self, entry: Entry, parent: int, name: str) -> None:
        """Give owner, mode, attributes and time to what cannot be opened."""
        os.chown(name, entry.uid, entry.gid, dir_fd=parent, follow_symlinks=False)
        if entry.kind != tarheader.SYMLINK:
            # No chmod on Linux takes a folder's descriptor and refuses links; this name is the very inode.
            pinned = os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=parent)
            try:
                os.chmod(f"/proc/self/fd/{pinned}", entry.mode)
            finally:
                os.close(pinned)
        inodes.set_attributes(f"/proc/self/fd/{parent}/{name}", entry)
        os.utime(name, ns=(entry.mtime, entry.mtime), dir_fd=parent, follow_symlinks=False)

    def _whiteout(self, head: str, name: str) -> None:
        hidden = name[len(WHITEOUT) :]
        if name == OPAQUE:
            return inodes.make_opaque(".", self._parent(head))
        if hidden.startswith(WHITEOUT):
            return  # bookkeeping of the old AUFS driver; Docker leaves it out as well
        if hidden in ("", ".", ".."):
            raise CorruptData(f"layer entry {name!r} in {head[:300]!r} hides nothing that has a name")
        parent = self._parent(head)
        try:
            os.mknod(hidden, stat.S_IFCHR | 0o600, os.makedev(0, 0), dir_fd=parent)
        except FileExistsError:
            # The layer's own file of this name hides the lower one already; its own folder must be made to.
            if stat.S_ISDIR(os.stat(hidden, dir_fd=parent, follow_symlinks=False).st_mode):
                inodes.make_opaque(hidden, parent)

    def _retry(self, parent: int, name: str, make: Callable[[], None]) -> None:
        try:
            make()
        except FileExistsError:
            self._clear(parent, name)
            make()

    def _clear(self, parent: int, name: str) -> None:
        """Remove what an earlier entry made under this name."""
        status = os.stat(name, dir_fd=parent, follow_symlinks=False)
        if self._recording and stat.S_IFMT(status.st_mode) in (stat.S_IFREG, stat.S_IFDIR):
            self._recording.replaced(parent, self._place(self._recording, parent), name)
        elif stat.S_ISDIR(status.st_mode):
            trees.remove_tree(parent, name)
        else:
            os.unlink(name, dir_fd=parent)
        if not stat.S_ISREG(status.st_mode):
            self._forget(parent)  # known folders may have been reached through what is gone


def _write(descriptor: int, entry: Entry, reader: TarReader) -> list[tuple[int, int, int]]:
    """Write a file's content; return (offset, length, crc32) of each part of it that the archive has."""
    if entry.sparse is None:
        total = 0
        for piece in reader.data():
            total = crc32(piece, total)
            write_all(descriptor, piece)
        return [(0, entry.size, total)] if entry.size else []
    os.ftruncate(descriptor, entry.size)
    written = []
    for offset, length in entry.sparse:
        os.lseek(descriptor, offset, os.SEEK_SET)
        left, total = length, 0
        while left:
            data = reader.content(min(left, 1 << 20))
            total = crc32(data, total)
            write_all(descriptor, data)
            left -= len(data)
        if length:
            written.append((offset, length, total))
    return written
