"""What a container has changed in its image's tree: its upper folder, read against the layers below.

As Docker's own comparison: a file has changed when its mode, owner, device, size, time or capabilities differ, a folder
when its mode, owner or content does. What every container gets before its program starts (Docker's init layer) is none.
"""

from __future__ import annotations

import os
import stat

from ..images import catalog as images
from ..images import inodes, layers
from ..linux.saferoot import SafeRoot
from ..records import dataclass
from ..store import Store
from . import tree
from .catalog import Container, find

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_GIVEN = frozenset(
    ("/dev", "/dev/console", "/dev/mqueue", "/dev/pts", "/dev/shm", "/proc", "/sys")
    + ("/etc", "/etc/hostname", "/etc/hosts", "/etc/resolv.conf")
)


@dataclass(frozen=True)
class Change:
    """A path of the container and what has happened to it: `A` added, `C` changed, `D` deleted."""

    kind: str
    path: str


@dataclass(frozen=True)
class Changes:
    """All changes, folders before what they hold; `same` are the paths in the upper folder that are none."""

    found: tuple[Change, ...]
    same: frozenset[str]


def changes(store: Store, ref: str) -> tuple[Change, ...]:
    """Return what `docker diff` tells of a container, by path. Raises ContainerNotFound."""
    return of(store, find(store, ref)).found


def of(store: Store, container: Container) -> Changes:
    """Return the changes of a container, whether it runs or not."""
    image = images.get(store, container.image_id)
    upper = f"{store.layout.container(container.id)}/upper"
    with tree.image_tree(layers.folders(store, image.layers)) as old, SafeRoot.at(upper) as new:
        return _Comparison().run(new.open("/", _FOLDER), old.open("/", _FOLDER))


class _Folder:
    """An open folder of the upper tree, the one of the image at its path (or -1), and what was found in it so far."""

    def __init__(self, new: int, old: int, path: str, whole: bool = False) -> None:
        self.new, self.old, self.path = new, old, path
        names = os.listdir(new)
        self.whole = whole or old < 0 or inodes.is_opaque(new)  # then nothing of the image shows through
        hidden = set(os.listdir(old)).difference(names) if old >= 0 and self.whole else ()
        self.names = sorted([*names, *hidden], key=os.fsencode, reverse=True)
        self.found: list[Change] = []
        self.kind = ""

    def close(self) -> None:
        os.close(self.new)
        if self.old >= 0:
            os.close(self.old)


class _Comparison:
    def __init__(self) -> None:
        self._same: set[str] = set()

    def run(self, new: int, old: int) -> Changes:
        top = _Folder(new, old, "")
        stack = [top]  # not recursion: the tree may be deeper than the interpreter's own stack
        try:
            while True:
                folder = stack[-1]
                if folder.names:
                    below = self._look(folder, folder.names.pop())
                    if below:
                        stack.append(below)
                    continue
                if folder is top:
                    return Changes(tuple(top.found), frozenset(self._same))
                stack.pop().close()
                self._settle(folder, stack[-1])
        finally:
            for folder in stack:
                folder.close()

    def _settle(self, folder: _Folder, parent: _Folder) -> None:
        """Pass on what was found in a folder; it has changed when something in it has."""
        kind = folder.kind or ("C" if folder.found else "")
        if kind:
            parent.found.append(Change(kind, folder.path))
        elif not parent.whole or folder.old < 0:
            self._same.add(folder.path)
        parent.found += folder.found

    def _look(self, folder: _Folder, name: str) -> _Folder | None:
        """Compare one name; return the folder to descend into, if it is one."""
        path = f"{folder.path}/{name}"
        new, old = _status(folder.new, name), _status(folder.old, name)
        if new is None or inodes.is_whiteout(new):
            if old is not None:
                folder.found.append(Change("D", path))
            return None
        kind = _kind(folder, name, path, new, old)
        if stat.S_ISDIR(new.st_mode):
            return _descend(folder, name, path, kind, old)
        if kind:
            folder.found.append(Change(kind, path))
        elif not folder.whole or old is None:
            self._same.add(path)
        return None


def _descend(folder: _Folder, name: str, path: str, kind: str, old: os.stat_result | None) -> _Folder | None:
    try:
        opened = os.open(name, _FOLDER, dir_fd=folder.new)
    except (FileNotFoundError, NotADirectoryError):
        return None  # the container has just removed it
    is_folder = old is not None and stat.S_ISDIR(old.st_mode)
    below = _Folder(opened, os.open(name, _FOLDER, dir_fd=folder.old) if is_folder else -1, path, folder.whole)
    below.kind = kind
    return below


def _kind(folder: _Folder, name: str, path: str, new: os.stat_result, old: os.stat_result | None) -> str:
    if old is None:
        empty = stat.S_ISDIR(new.st_mode) or (stat.S_ISREG(new.st_mode) and not new.st_size)
        return "" if path in _GIVEN and empty else "A"
    if _visible(new) != _visible(old) or _capability(folder.new, name) != _capability(folder.old, name):
        return "C"
    return ""


def _status(folder: int, name: str) -> os.stat_result | None:
    try:
        return os.stat(name, dir_fd=folder, follow_symlinks=False) if folder >= 0 else None
    except FileNotFoundError:
        return None


def _visible(status: os.stat_result) -> tuple[int, ...]:
    common = (status.st_mode, status.st_uid, status.st_gid, status.st_rdev)
    return common if stat.S_ISDIR(status.st_mode) else (*common, status.st_size, status.st_mtime_ns)


def _capability(folder: int, name: str) -> bytes:
    try:
        return os.getxattr(f"/proc/self/fd/{folder}/{name}", "security.capability", follow_symlinks=False)
    except OSError:
        return b""  # none, or a file system without attributes
