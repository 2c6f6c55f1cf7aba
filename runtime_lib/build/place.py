"""Write into the tree of an image that is being built: COPY, ADD and WORKDIR.

Paths resolve in the tree, so that a link of the base image such as /var/run -> /run is obeyed and stays inside.
"""

from __future__ import annotations

import errno
import os
import posixpath
import stat
from contextlib import contextmanager

from ..errors import InvalidSpec
from ..linux import trees
from .sources import capability
from .unpacking import is_archive, unpack

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..linux.saferoot import SafeRoot
    from .modes import Change
    from .sources import Entry, Source, Tree

_FOLDER = os.O_PATH | os.O_DIRECTORY
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_PIECE = 1 << 20
_MOST_LINKS = 40  # as the kernel has it (path_resolution(7))


class Writer:
    """Writes into `root` as one owner; `change` gives what is copied another mode (see `modes`)."""

    def __init__(self, root: SafeRoot, owner: tuple[int, int] | None, change: Change | None = None) -> None:
        """Take the tree, which stays the caller's. Without an owner files keep theirs, and new parents are root's."""
        self.root = root
        self.owner = owner or (0, 0)
        self.keeps_owners = owner is None
        self.change = change
        self.keeps_times = False
        self.keeps_capabilities = True

    def copy(self, tree: Tree, sources: Sequence[Source], destination: str, unpack: bool) -> None:
        """Copy sources to `destination`, a folder when it ends with a slash or is one already."""
        for source in sources:
            if source.is_folder:
                self._folder(tree, source, destination)
            elif not (unpack and self._unpacked(tree, source.entries[0], destination)):
                self._single(tree, source, destination)

    def write(self, destination: str, name: str, content: bytes) -> None:
        """Write a document to a file, or under its name into a folder."""
        mode = self.change(0o644, False) if self.change else 0o644
        with self._created(self._target(destination, name), mode, self.owner) as descriptor:
            while content:
                content = content[os.write(descriptor, content) :]

    def make_folder(self, path: str, owner: tuple[int, int] = (0, 0), links: int = _MOST_LINKS) -> None:
        """Make a folder and its parents with mode 0755 where they are missing; the new ones belong to `owner`.

        A link to a folder that does not exist is followed, and its target is made. Raises InvalidSpec.
        """
        done = ""
        for name in [part for part in path.split("/") if part]:
            done = f"{done}/{name}"
            target: str | None = None
            try:
                os.close(self.root.open(done, _FOLDER))
                continue
            except NotADirectoryError as error:
                raise InvalidSpec(f"{done} is a file in the image; it cannot become a folder") from error
            except FileNotFoundError:
                target = self._link(done)
            if target is None:
                os.close(self.root.folder(done))
                self._own(done, owner)
            elif links:
                self.make_folder(posixpath.join(posixpath.dirname(done), target), owner, links - 1)
            else:
                raise InvalidSpec(f"{done} leads through too many links in the image")

    def cut_links(self, path: str) -> None:
        """Remove the links on the way to `path`, and a link there: with `--link` a copy follows none."""
        done = ""
        for name in [part for part in path.split("/") if part]:
            done = f"{done}/{name}"
            if self._link(done) is not None:
                parent, leaf = self.root.parent(done)
                try:
                    os.unlink(leaf, dir_fd=parent)
                finally:
                    os.close(parent)
                return  # nothing of the image lies behind it any more

    def _link(self, path: str) -> str | None:
        """Return where the link `path` points to; None when it is none."""
        try:
            descriptor = self.root.open(path, os.O_PATH | os.O_NOFOLLOW)
        except FileNotFoundError:
            return None
        try:
            is_link = stat.S_ISLNK(os.fstat(descriptor).st_mode)
            return os.readlink("", dir_fd=descriptor) if is_link else None
        finally:
            os.close(descriptor)

    def _own(self, path: str, owner: tuple[int, int]) -> None:
        descriptor = self.root.open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fchown(descriptor, *owner)
        finally:
            os.close(descriptor)

    def _folder(self, tree: Tree, source: Source, destination: str) -> None:
        """Copy what lies in a folder. Its own mode is not taken over, and new parents are root's, as Docker has it."""
        existed = self._is_folder(destination)
        self.make_folder(destination)
        if not existed:
            self._own(destination, self.owner)
        for entry in source.entries:
            self._entry(tree, entry, posixpath.join(destination, entry.relative))

    def _entry(self, tree: Tree, entry: Entry, path: str) -> None:
        parent, name = self.root.parent(path, 0o755)
        try:
            if stat.S_ISDIR(entry.status.st_mode):
                self._subfolder(parent, name, entry)
                return
            if stat.S_ISREG(entry.status.st_mode):
                self._fill(tree, entry, _new_file(parent, name))
                return
            _clear(parent, name)
            if entry.link:
                os.symlink(entry.link, name, dir_fd=parent)
            else:
                kind = stat.S_IFMT(entry.status.st_mode)
                if kind == stat.S_IFSOCK:
                    return  # no archive can hold a socket: Docker leaves it out as well
                os.mknod(name, kind | 0o600, entry.status.st_rdev, dir_fd=parent)
            os.chown(name, *self._owner(entry), dir_fd=parent, follow_symlinks=False)
            if not entry.link:
                _chmod(parent, name, self._mode(entry))
        finally:
            os.close(parent)

    def _subfolder(self, parent: int, name: str, entry: Entry) -> None:
        try:
            os.mkdir(name, 0o700, dir_fd=parent)
        except FileExistsError:
            if not stat.S_ISDIR(os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode):
                _clear(parent, name)
                os.mkdir(name, 0o700, dir_fd=parent)
        descriptor = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=parent)
        try:
            os.fchown(descriptor, *self._owner(entry))
            os.fchmod(descriptor, self._mode(entry))
        finally:
            os.close(descriptor)

    def _single(self, tree: Tree, source: Source, destination: str) -> None:
        entry = source.entries[0]
        target = self._target(destination, source.name)
        if not stat.S_ISREG(entry.status.st_mode):
            return self._entry(tree, entry, target)
        with self._created(target, self._mode(entry), self._owner(entry)) as descriptor:
            self._pour(tree, entry, descriptor)

    def _target(self, destination: str, name: str) -> str:
        target = posixpath.join(destination, name) if self.is_into(destination) else destination
        for _attempt in range(_MOST_LINKS):
            self.make_folder(posixpath.dirname(target), self.owner)
            link = self._link(target)
            if link is None:
                return target
            target = posixpath.join(posixpath.dirname(target), link)
        raise InvalidSpec(f"{destination} leads through too many links in the image")

    def is_into(self, destination: str) -> bool:
        """Whether a file that is copied there goes into a folder."""
        return destination.endswith("/") or self._is_folder(destination)

    def _is_folder(self, path: str) -> bool:
        try:
            os.close(self.root.open(path, _FOLDER))
        except (FileNotFoundError, NotADirectoryError):
            return False
        return True

    @contextmanager
    def _created(self, path: str, mode: int, owner: tuple[int, int]) -> Iterator[int]:
        """Give an empty regular file at `path`."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NONBLOCK | os.O_NOCTTY
        try:
            descriptor = self.root.open(path, flags, 0o600)
        except OSError as error:
            if error.errno == errno.EISDIR:
                raise InvalidSpec(
                    f"{path} is a folder in the image; end the destination with / to copy into it"
                ) from error
            raise
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise InvalidSpec(f"{path} is neither file nor folder in the image; choose another destination")
            yield descriptor
            os.fchown(descriptor, *owner)
            os.fchmod(descriptor, mode)
        finally:
            os.close(descriptor)

    def _fill(self, tree: Tree, entry: Entry, descriptor: int) -> None:
        try:
            capabilities = self._pour(tree, entry, descriptor)
            # In this order: a change of owner clears setuid bits and file capabilities (chown(2)).
            os.fchown(descriptor, *self._owner(entry))
            os.fchmod(descriptor, self._mode(entry))
            if capabilities and self.keeps_capabilities:
                os.setxattr(descriptor, "security.capability", capabilities)
        finally:
            os.close(descriptor)

    def _pour(self, tree: Tree, entry: Entry, descriptor: int) -> bytes:
        source = tree.open(entry)
        try:
            while os.sendfile(descriptor, source, None, _PIECE):
                continue
            if self.keeps_times:
                os.utime(descriptor, ns=(entry.status.st_mtime_ns, entry.status.st_mtime_ns))
            return capability(source)
        finally:
            os.close(source)

    def _owner(self, entry: Entry) -> tuple[int, int]:
        return (entry.status.st_uid, entry.status.st_gid) if self.keeps_owners else self.owner

    def _mode(self, entry: Entry) -> int:
        mode = stat.S_IMODE(entry.status.st_mode)
        return self.change(mode, stat.S_ISDIR(entry.status.st_mode)) if self.change else mode

    def _unpacked(self, tree: Tree, entry: Entry, destination: str) -> bool:
        """Unpack an archive into the folder `destination`; return False for a file that is none."""
        if not stat.S_ISREG(entry.status.st_mode):
            return False
        with open(tree.open(entry), "rb") as file:
            if not is_archive(file):
                return False
            self.make_folder(destination)
            folder = self.root.open(destination, _FOLDER)
            try:
                unpack(file, folder)
            finally:
                os.close(folder)
        return True


def _new_file(parent: int, name: str) -> int:
    try:
        return os.open(name, _NEW, 0o600, dir_fd=parent)
    except FileExistsError:
        _clear(parent, name)
        return os.open(name, _NEW, 0o600, dir_fd=parent)


def _clear(parent: int, name: str) -> None:
    """Remove what is there under a name; folders with all they hold."""
    try:
        os.unlink(name, dir_fd=parent)
    except FileNotFoundError:
        pass
    except IsADirectoryError:
        trees.remove_tree(parent, name)


def _chmod(parent: int, name: str, mode: int) -> None:
    pinned = os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=parent)
    try:
        os.chmod(f"/proc/self/fd/{pinned}", mode)
    finally:
        os.close(pinned)
