"""What COPY and ADD take: files and folders of a build context or of another stage, read through `SafeRoot` alone.

A link that is named as a source is followed inside its tree; links in folders are copied as links.
"""

from __future__ import annotations

import hashlib
import os
import posixpath
import stat

from ..errors import InvalidSpec
from ..records import dataclass
from . import patterns
from .ignore import Ignore

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..linux.saferoot import SafeRoot

_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY
_CAPABILITY = "security.capability"


@dataclass(frozen=True)
class Entry:
    """One path. `relative` is its place below the source ("" for the source itself), `path` its place in the tree."""

    relative: str
    path: str
    status: os.stat_result
    link: str


@dataclass(frozen=True)
class Source:
    """A file (one entry) or a folder (what lies in it). `name` is what it is called in a destination folder."""

    name: str
    is_folder: bool
    entries: tuple[Entry, ...]

    def without(self, rules: Ignore) -> Source | None:
        """Return the source without what `rules` exclude, by the path in a folder, or by the name of a file."""
        if not self.is_folder:
            return None if rules.excludes(self.name) else self
        return Source(self.name, True, tuple(one for one in self.entries if not rules.excludes(one.relative)))


class Tree:
    """A build context with its ignore rules, or the tree of a stage."""

    def __init__(self, root: SafeRoot, ignore: Ignore | None = None, owners: bool = False) -> None:
        """Read below `root`, which stays the caller's. With `owners` a digest counts them, as a copy keeps them."""
        self.root = root
        self._owners = owners
        self._ignore = ignore or Ignore()

    def ignores(self, path: str) -> bool:
        """Whether the rules leave out a path, which has no leading slash."""
        return self._ignore.excludes(path)

    def find(self, paths: Sequence[str]) -> list[Source]:
        """Return the sources that paths and patterns name, none for a pattern that nothing matches (as in BuildKit).

        Raises InvalidSpec for a path that is not there.
        """
        found: list[Source] = []
        for path in paths:
            clean = _clean(path.replace("\0", ""))
            if patterns.has_wildcard(path):
                pattern = patterns.Path(clean)
                found += [self._source(match) for match in self._matches(pattern, "")]
            else:
                found.append(self._source(clean))
        return found

    def with_parents(self, paths: Sequence[str]) -> list[Source]:
        """Return the sources of `--parents`: each with the folders on the way to it, from `/./` in the path on.

        No link on the way is followed below that place. Raises InvalidSpec for one that is not there.
        """
        return [self._with_parents(path) for path in paths]

    def _with_parents(self, path: str) -> Source:
        base, pivot, rest = path.replace("\0", "").partition("/./")
        top = self._source(_clean(base)) if pivot else self._source("")
        if not top.is_folder:
            raise InvalidSpec(f"{base[:200]} is no folder of the build context")
        pattern = patterns.Path(_clean(rest if pivot else path) or "**", deep=True)
        taken: dict[str, Entry] = {}
        folders: dict[str, Entry] = {}
        for entry in top.entries:
            if stat.S_ISDIR(entry.status.st_mode):
                folders[entry.relative] = entry
            if any(pattern.reach(entry.relative)):
                above = posixpath.dirname(entry.relative)
                while above and above not in taken and above in folders:
                    taken[above] = folders[above]
                    above = posixpath.dirname(above)
                taken[entry.relative] = entry
        if not taken:
            raise InvalidSpec(f"no source files: nothing matches {path[:200]}")
        return Source("", True, tuple(taken[key] for key in sorted(taken)))

    def at(self, path: str) -> Source:
        """Return the source at one path, which is no pattern. Raises InvalidSpec when it is not there, or excluded."""
        return self._source(path.strip("/"))

    def excludes(self, path: str) -> bool:
        """Whether the ignore rules exclude a path."""
        return self._ignore.excludes(path)

    def everything(self) -> Iterator[Entry]:
        """Yield all that lies in the tree, also what is excluded; but not what is in a folder that is so as a whole."""
        pending = [""]
        while pending:
            for entry in self._children(pending.pop(), ""):
                yield entry
                whole = self._ignore.excludes(entry.path) and not self._ignore.has_exceptions
                if stat.S_ISDIR(entry.status.st_mode) and not whole:
                    pending.append(entry.path)

    def open(self, entry: Entry) -> int:
        """Open the regular file of an entry for reading. Raises OSError when it is something else by now."""
        descriptor = self.root.open(f"/{entry.path}", _READ)
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            return descriptor
        os.close(descriptor)
        raise OSError(22, "is no regular file any more", entry.path)

    def digest(self, sources: Sequence[Source]) -> str:
        """Return a digest over place, type, mode, links, file capabilities and content; times do not count.

        A copy from the context belongs to root or to whom `--chown` names, so the owner there means nothing.
        """
        total = hashlib.sha256()
        for source in sources:
            total.update(f"{len(source.name)} {source.name} {source.is_folder}\0".encode(errors="surrogateescape"))
            for entry in source.entries:
                head = f"{len(entry.relative)} {entry.relative} {entry.status.st_mode:o} {len(entry.link)} {entry.link}"
                head = f"{head} {entry.status.st_rdev if is_device(entry) else 0}"
                if self._owners:
                    head = f"{head} {entry.status.st_uid}:{entry.status.st_gid}"
                total.update(f"{head}\0".encode(errors="surrogateescape"))
                if stat.S_ISREG(entry.status.st_mode):
                    total.update(self._content(entry))
        return total.hexdigest()

    def _content(self, entry: Entry) -> bytes:
        content = hashlib.sha256()
        descriptor = self.open(entry)
        with open(descriptor, "rb", buffering=0) as file:
            while piece := file.read(1 << 20):
                content.update(piece)
            content.update(capability(descriptor))
        return content.digest()

    def _source(self, path: str) -> Source:
        try:
            descriptor = self.root.open(f"/{path}", os.O_PATH)
        except OSError as error:
            raise _missing(path) from error
        try:
            status = os.fstat(descriptor)
            place = self._place(descriptor)
        finally:
            os.close(descriptor)
        if (
            place
            and self._ignore.excludes(place)
            and not (stat.S_ISDIR(status.st_mode) and self._ignore.has_exceptions)
        ):
            raise _missing(path)
        name = posixpath.basename(path)
        if stat.S_ISDIR(status.st_mode):
            return Source(name, True, tuple(self._walk(place, "")))
        return Source(name, False, (Entry("", place, status, ""),))

    def _place(self, descriptor: int) -> str:
        """Return the path below the root that an open file has: where the links that led to it ended."""
        top = os.readlink(f"/proc/self/fd/{self.root.descriptor}").rstrip("/")
        return os.readlink(f"/proc/self/fd/{descriptor}")[len(top) :].lstrip("/")

    def _walk(self, place: str, relative: str) -> Iterator[Entry]:
        """Yield what lies in a folder, sorted, every folder before what is in it."""
        pending = [(place, relative)]
        while pending:
            place, relative = pending.pop()
            deeper = []
            for entry in self._children(place, relative):
                if stat.S_ISDIR(entry.status.st_mode):
                    deeper.append((entry.path, entry.relative))
                if not self._ignore.excludes(entry.path):
                    yield entry
                elif not self._ignore.has_exceptions and deeper and deeper[-1][0] == entry.path:
                    deeper.pop()
            pending += reversed(deeper)

    def _children(self, place: str, relative: str) -> list[Entry]:
        descriptor = self.root.open(f"/{place}", os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            return [_entry(descriptor, name, place, relative) for name in sorted(os.listdir(descriptor))]
        finally:
            os.close(descriptor)

    def _matches(self, pattern: patterns.Path, place: str) -> list[str]:
        found = [entry.path for entry in self._walk(place, "") if pattern.match(entry.path)]
        return sorted(found)


def _clean(path: str) -> str:
    """Return a path from the top of the tree: `..` leads nowhere above it."""
    return posixpath.normpath(f"/{path}").lstrip("/")


def capability(descriptor: int) -> bytes:
    """Return the file capability of an open file, b"" when it has none."""
    try:
        return os.getxattr(descriptor, _CAPABILITY)
    except OSError:
        return b""  # none, or a file system without attributes


def is_device(entry: Entry) -> bool:
    """Whether an entry is a device node."""
    return stat.S_ISCHR(entry.status.st_mode) or stat.S_ISBLK(entry.status.st_mode)


def _entry(folder: int, name: str, place: str, relative: str) -> Entry:
    status = os.stat(name, dir_fd=folder, follow_symlinks=False)
    link = os.readlink(name, dir_fd=folder) if stat.S_ISLNK(status.st_mode) else ""
    return Entry(posixpath.join(relative, name), posixpath.join(place, name), status, link)


def _missing(path: str) -> InvalidSpec:
    return InvalidSpec(f"{path[:200]} is not in the build context, or .dockerignore excludes it")
