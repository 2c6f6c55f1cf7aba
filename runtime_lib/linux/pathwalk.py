"""Opening a path below a folder by the rules of openat2(2); on kernels without that call (Linux < 5.6) step by step.

The walk does what path_resolution(7) and openat2(2) say, with three differences. `..` leads into the folder that was
entered before, or nowhere: EAGAIN when somebody has moved one. Before the last name is opened, the whole way back to
the root is checked in the same manner. And a link of procfs that the kernel would jump along is known by its text.
"""

from __future__ import annotations

import errno
import os

from . import libc

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Opener = Callable[[int, str, int, int, int], int]

_PATH_MAX = 4096
_MOST_LINKS = 40
_LOOK = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC
_FORMAT, _FOLDER, _LINK = 0o170000, 0o040000, 0o120000
_PROC_SUPER_MAGIC = 0x9FA0

_open: Opener = libc.openat2  # `walk` from the first kernel on that does not have it


def open_at(directory: int, path: str, flags: int, mode: int = 0, resolve: int = 0) -> int:
    """Open `path` below the folder `directory`, with O_CLOEXEC; `resolve` is of libc.RESOLVE_*.

    Raises OSError with the path. With RESOLVE_IN_ROOT, EAGAIN means that somebody is renaming folders: try again.
    """
    global _open
    if "\0" in path:
        raise OSError(errno.EINVAL, "a path cannot hold a zero byte", path)
    try:
        return _open(directory, path, flags, mode, resolve)
    except OSError as error:
        if error.errno != errno.ENOSYS or _open is walk:
            raise
    _open = walk
    return walk(directory, path, flags, mode, resolve)


def walk(directory: int, path: str, flags: int, mode: int, resolve: int) -> int:
    """openat2(2) by openat(2), one name after the other; one of RESOLVE_IN_ROOT and RESOLVE_BENEATH is needed.

    Raises OSError.
    """
    try:
        if not resolve & (libc.RESOLVE_IN_ROOT | libc.RESOLVE_BENEATH):
            raise OSError(errno.EINVAL, "a walk has a root")
        if len(os.fsencode(path)) >= _PATH_MAX:
            raise _failed(errno.ENAMETOOLONG)
        steps = _Walk(directory, resolve)
        try:
            return steps.open(path, flags, mode)
        finally:
            os.close(steps.folder)
    except OSError as error:
        raise OSError(error.errno, error.strerror, path) from None


def mount_of(descriptor: int) -> str:
    """Return the id of the mount that a descriptor is on (proc(5), fdinfo; statx(2) tells it from Linux 5.8 on)."""
    with open(f"/proc/self/fdinfo/{descriptor}") as file:
        return next(line for line in file if line.startswith("mnt_id:"))


class _Walk:
    """Where a walk is: the open folder, the identities of those above it, and the names that are still to go."""

    __slots__ = ("_above", "_left", "_links", "_resolve", "_root", "folder")

    def __init__(self, root: int, resolve: int) -> None:
        self._root, self._resolve = root, resolve
        self._above: list[tuple[int, int]] = []
        self._left: list[str] = []
        self._links = 0
        self.folder = os.open(".", _LOOK | os.O_DIRECTORY, dir_fd=root)

    def open(self, path: str, flags: int, mode: int) -> int:
        """Walk to the last name and open it. Raises OSError."""
        if not path:
            raise _failed(errno.ENOENT)
        self._follow(path)
        while True:
            while len(self._left) > 1:
                self._enter(self._left.pop())
            name = self._left.pop()
            link = self._last_link(name, flags)
            if link is None:
                return self._open_last(name, flags, mode)
            self._follow(link)

    def _follow(self, path: str) -> None:
        """Put the names of a path, or of a link's text, before those that are left."""
        if path.startswith("/"):
            if self._resolve & libc.RESOLVE_BENEATH:
                raise _failed(errno.EXDEV)
            self._stand_in(os.open(".", _LOOK | os.O_DIRECTORY, dir_fd=self._root))
            self._above.clear()
        names = [name for name in path.split("/") if name not in ("", ".")]
        if path.rpartition("/")[2] in ("", ".", ".."):
            names.append(".")  # it has to be a folder, and a link to one is followed
        self._left += reversed(names)

    def _enter(self, name: str) -> None:
        if name == ".":
            return
        if name == "..":
            self._leave()
            return
        found = os.open(name, _LOOK, dir_fd=self.folder)
        try:
            kind = os.fstat(found).st_mode & _FORMAT
            if kind == _LINK:
                self._follow(self._text(found))
                return
            if kind != _FOLDER:
                raise _failed(errno.ENOTDIR)
            self._check_mount(found)
            self._above.append(_identity(self.folder))
            self._stand_in(os.dup(found))
        finally:
            os.close(found)

    def _leave(self) -> None:
        if self._above:
            self._stand_in(_folder_above(self.folder, self._above.pop()))
        elif self._resolve & libc.RESOLVE_BENEATH:
            raise _failed(errno.EXDEV)

    def _stand_in(self, folder: int) -> None:
        os.close(self.folder)
        self.folder = folder

    def _last_link(self, name: str, flags: int) -> str | None:
        """Return the text of the last name when that is a link which has to be followed."""
        if name == "." or flags & os.O_NOFOLLOW or flags & os.O_EXCL and flags & os.O_CREAT:
            return None
        try:
            found = os.open(name, _LOOK, dir_fd=self.folder)
        except FileNotFoundError:
            return None
        try:
            return self._text(found) if os.fstat(found).st_mode & _FORMAT == _LINK else None
        finally:
            os.close(found)

    def _text(self, link: int) -> str:
        self._links += 1
        text = os.readlink("", dir_fd=link)
        if self._links > _MOST_LINKS or self._resolve & libc.RESOLVE_NO_SYMLINKS or _is_magic(link, text):
            raise _failed(errno.ELOOP)
        return text

    def _open_last(self, name: str, flags: int, mode: int) -> int:
        self._check_way_back()
        found = os.open(name, flags | os.O_NOFOLLOW | os.O_CLOEXEC, mode, dir_fd=self.folder)
        try:
            if not flags & os.O_NOFOLLOW and os.fstat(found).st_mode & _FORMAT == _LINK:
                raise _failed(errno.EAGAIN)  # it was none a moment ago
            self._check_mount(found)
        except BaseException:
            os.close(found)
            raise
        return found

    def _check_way_back(self) -> None:
        """Raise EAGAIN unless each folder on the way still lies in the one it was entered from."""
        folder = os.dup(self.folder)
        try:
            for identity in reversed(self._above):
                above = _folder_above(folder, identity)
                os.close(folder)
                folder = above
        finally:
            os.close(folder)

    def _check_mount(self, found: int) -> None:
        if self._resolve & libc.RESOLVE_NO_XDEV and mount_of(found) != mount_of(self.folder):
            raise _failed(errno.EXDEV)


def _folder_above(folder: int, identity: tuple[int, int]) -> int:
    above = os.open("..", _LOOK | os.O_DIRECTORY, dir_fd=folder)
    if _identity(above) == identity:
        return above
    os.close(above)
    raise _failed(errno.EAGAIN)


def _identity(folder: int) -> tuple[int, int]:
    status = os.fstat(folder)
    return status.st_dev, status.st_ino


def _is_magic(link: int, text: str) -> bool:
    """Tell the links to open files, folders and namespaces from the ordinary ones (`self`, `mounts`, `net`)."""
    if libc.filesystem_type(link) != _PROC_SUPER_MAGIC:
        return False
    return text.startswith("/") or ":" in text


def _failed(number: int) -> OSError:
    return OSError(number, os.strerror(number))
