"""The files of an image archive, by name: members of a tar file that stay where they are, or files of a folder."""

from __future__ import annotations

import os

from .. import strictjson
from ..errors import CorruptData
from ..linux.saferoot import SafeRoot
from . import paths, tarheader
from .tarreader import TarReader

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    class Members(Protocol):
        """What both kinds can do."""

        def has(self, name: str) -> bool:
            """Whether there is a file of this name."""

        def open(self, name: str) -> Part:
            """Return a file. Raises CorruptData when there is none."""


_MOST = 100_000
_MOST_LINKS = 16


class Part:
    """A range of an open file, read from its beginning to its end."""

    def __init__(self, descriptor: int, offset: int, size: int) -> None:
        self._descriptor = descriptor
        self._offset = offset
        self._end = offset + size
        self.size = size

    def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes, b"" at the end. Raises CorruptData when the file ends before the range does."""
        wanted = min(size, self._end - self._offset)
        data = os.pread(self._descriptor, wanted, self._offset) if wanted > 0 else b""
        if wanted > 0 and not data:
            raise CorruptData("the archive ends in the middle of a member; it is damaged or was cut off")
        self._offset += len(data)
        return data


def document(members: Members, name: str) -> bytes:
    """Return the content of a JSON document. Raises CorruptData when it is missing or too large."""
    part = members.open(name)
    if part.size > strictjson.LIMIT:
        raise CorruptData(f"{name} is larger than {strictjson.LIMIT} bytes")
    data = b""
    while len(data) < part.size:
        data += part.read(part.size)
    return data


class TarMembers:
    """The members of an uncompressed tar file that can be positioned; the file stays its opener's."""

    def __init__(self, descriptor: int) -> None:
        """List all members; their data is not read. Raises CorruptData."""
        self._descriptor = descriptor
        self._files: dict[str, tuple[int, int]] = {}
        self._links: dict[str, str] = {}
        size = os.fstat(descriptor).st_size
        os.lseek(descriptor, 0, os.SEEK_SET)
        reader = TarReader(lambda: os.read(descriptor, 16384), lambda count: os.lseek(descriptor, count, os.SEEK_CUR))
        for entry in reader:
            name = _joined(entry.name)
            if entry.kind == tarheader.REGULAR and entry.sparse is None:
                self._files[name] = (reader.position, entry.size)
                self._links.pop(name, None)
                if reader.position + entry.size > size:
                    raise CorruptData(f"the archive ends in the middle of {name!r}; it is damaged or was cut off")
            elif entry.kind == tarheader.HARD_LINK:
                self._links[name] = _joined(entry.link)
            elif entry.kind == tarheader.SYMLINK:
                # `docker save` writes a layer that occurs twice as a link to its other place.
                self._links[name] = _joined(f"{os.path.dirname(name)}/{entry.link}")
            if len(self._files) + len(self._links) > _MOST:
                raise CorruptData(f"the archive has more than {_MOST} members; this is no image archive")

    def has(self, name: str) -> bool:
        """Whether there is a file of this name."""
        return self._find(name) is not None

    def open(self, name: str) -> Part:
        """Return a member. Raises CorruptData when there is none."""
        place = self._find(name)
        if place is None:
            raise CorruptData(f"the archive has no member {name[:300]!r}")
        return Part(self._descriptor, *place)

    def _find(self, name: str) -> tuple[int, int] | None:
        target = _joined(name)
        for _unused in range(_MOST_LINKS):
            if target in self._files:
                return self._files[target]
            if target not in self._links:
                return None
            target = self._links[target]
        return None


class FolderMembers:
    """The files of a folder. Use it as a context manager."""

    def __init__(self, path: str) -> None:
        self._root = SafeRoot.at(path)
        self._open: list[int] = []

    def __enter__(self) -> FolderMembers:
        return self

    def __exit__(self, *_unused: object) -> None:
        for descriptor in self._open:
            os.close(descriptor)
        self._root.close()

    def has(self, name: str) -> bool:
        """Whether there is a file of this name."""
        try:
            os.close(self._root.open(name, os.O_PATH))
        except (FileNotFoundError, NotADirectoryError):
            return False
        return True

    def open(self, name: str) -> Part:
        """Return a file. Raises CorruptData when there is none."""
        try:
            descriptor = self._root.open(name, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
        except (FileNotFoundError, NotADirectoryError):
            raise CorruptData(f"the image folder has no file {name[:300]!r}") from None
        self._open.append(descriptor)
        status = os.fstat(descriptor)
        if status.st_mode & 0o170000 != 0o100000:
            raise CorruptData(f"{name[:300]!r} in the image folder is not a regular file")
        return Part(descriptor, 0, status.st_size)


def _joined(path: str) -> str:
    head, name = paths.split(path)
    return f"{head}/{name}" if head else name
