"""What a layer's archive says of its tree: path after path, as unpacking it leaves them."""

from __future__ import annotations

import os
import stat

from ..errors import CorruptData
from ..linux.saferoot import SafeRoot
from ..records import dataclass
from . import attributes, tarheader
from .paths import split

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .tarheader import Entry

_WHITEOUT = ".wh."
_KINDS = {
    tarheader.REGULAR: stat.S_IFREG,
    tarheader.GNU_SPARSE: stat.S_IFREG,
    tarheader.FOLDER: stat.S_IFDIR,
    tarheader.SYMLINK: stat.S_IFLNK,
    tarheader.CHARACTER: stat.S_IFCHR,
    tarheader.BLOCK_DEVICE: stat.S_IFBLK,
    tarheader.FIFO: stat.S_IFIFO,
}


@dataclass(frozen=True)
class Inode:
    """What is to be at a path; `size` counts for files, `link` for symbolic links, `device` for nodes."""

    kind: int
    mode: int
    owner: tuple[int, int]
    size: int = 0
    link: str = ""
    device: int = 0
    xattrs: tuple[tuple[str, bytes], ...] = ()


WHITEOUT = Inode(stat.S_IFCHR, 0, (0, 0))


class Expected:
    """Collects the entries of an archive; `paths` are relative to the tree's top, `implied` the folders on the way."""

    def __init__(self, root: SafeRoot) -> None:
        """Resolve the entries' folders in the tree `root`."""
        self.paths: dict[str, Inode] = {}
        self.implied: set[str] = set()
        self._root = root
        self._top = os.readlink(f"/proc/self/fd/{root.descriptor}")
        self._places: dict[str, str] = {}

    def add(self, entry: Entry) -> None:
        """Take over one entry. Raises CorruptData for one that could not have been unpacked."""
        head, name = split(entry.name)
        place = self._place(head)
        if name.startswith(_WHITEOUT):
            hidden = name[len(_WHITEOUT) :]
            path = _join(place, hidden)
            if not hidden.startswith(_WHITEOUT) and path not in self.implied:  # its own folder is made opaque instead
                self.paths.setdefault(path, WHITEOUT)
            return
        path = _join(place, name)
        if entry.kind == tarheader.HARD_LINK:
            self._link(path, entry)
        else:
            self._replace(path, _inode(entry))

    def _link(self, path: str, entry: Entry) -> None:
        head, target = split(entry.link)
        source = self.paths.get(_join(self._place(head), target))
        if source is None:
            raise CorruptData(f"layer entry {entry.name[:300]!r} is a hard link to nothing")
        self._replace(path, source)

    def _replace(self, path: str, inode: Inode) -> None:
        present = self.paths.get(path)
        if present and present.kind == stat.S_IFDIR and inode.kind != stat.S_IFDIR:
            for below in [other for other in self.paths if other.startswith(f"{path}/")]:
                del self.paths[below]
        self.paths[path] = inode

    def _place(self, head: str) -> str:
        """Return where a folder of the archive really is, whatever links lead there; as written when it is gone."""
        place = self._places.get(head)
        if place is None:
            place = self._places[head] = self._resolve(head)
            parts = place.split("/") if place else []
            self.implied.update("/".join(parts[:count]) for count in range(1, len(parts) + 1))
        return place

    def _resolve(self, head: str) -> str:
        try:
            folder = self._root.open(f"/{head}", os.O_PATH | os.O_DIRECTORY)
        except OSError:
            return head
        try:
            return os.readlink(f"/proc/self/fd/{folder}")[len(self._top) + 1 :]
        finally:
            os.close(folder)


def _join(place: str, name: str) -> str:
    return f"{place}/{name}" if place and name else place or name


def _inode(entry: Entry) -> Inode:
    kind = _KINDS.get(entry.kind)
    if kind is None:
        raise CorruptData(f"layer entry {entry.name[:300]!r} is of an unknown type")
    node = entry.kind in (tarheader.CHARACTER, tarheader.BLOCK_DEVICE)
    return Inode(
        kind,
        0 if kind == stat.S_IFLNK else entry.mode,
        (entry.uid, entry.gid),
        entry.size if kind == stat.S_IFREG else 0,
        entry.link if kind == stat.S_IFLNK else "",
        os.makedev(entry.major, entry.minor) if node else 0,
        tuple((key, value) for key, value in (entry.xattrs or {}).items() if attributes.stored(key)),
    )
