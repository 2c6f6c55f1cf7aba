"""The recipe of a layer while it is unpacked, and the content that a later entry of the same archive replaces.

Such content is moved aside, not deleted: the tree will not have it, so the recipe has to.
"""

from __future__ import annotations

import os

from . import recipe
from .recipe import Content, Recorder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_PIECE = 1 << 18
_OPEN_FOLDER = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC


class Recording:
    """A context manager around the unpacking of `<work>/tree`; afterwards `<work>/recipe` is complete."""

    def __init__(self, work: str) -> None:
        self._path = f"{work}/recipe"
        self._aside = f"{work}/replaced"
        self._recorder = Recorder(self._path)
        self._contents = self._aside_count = 0
        # Where something was moved aside: how many contents had been recorded before, and its number there.
        self._moved: dict[str, list[tuple[int, int]]] = {}
        self._root = os.path.realpath(f"{work}/tree")
        self.literal = self._recorder.literal

    def __enter__(self) -> Recording:
        self._recorder.__enter__()
        return self

    def __exit__(self, kind: object, *unused: object) -> None:
        self._recorder.__exit__(kind, *unused)
        if kind is None and self._moved:
            self._settle()

    def place(self, folder: int) -> str:
        """Return where an open folder of the tree really is in it, whatever links led there."""
        return os.readlink(f"/proc/self/fd/{folder}")[len(self._root) + 1 :]

    def content(self, place: str, name: str, offset: int, length: int, crc: int) -> None:
        """Record that bytes of the file `name` in the folder `place` come next in the archive."""
        self._contents += 1
        self._recorder.content(f"{place}/{name}" if place else name, offset, length, crc)

    def replaced(self, folder: int, place: str, name: str) -> None:
        """Move what is there under a name aside."""
        if not self._moved:
            os.mkdir(self._aside, 0o700)
        order = (self._contents, self._aside_count)
        self._aside_count += 1
        os.rename(name, f"{self._aside}/{order[1]}", src_dir_fd=folder)
        self._moved.setdefault(f"{place}/{name}" if place else name, []).append(order)

    def _settle(self) -> None:
        """Write the recipe anew, with the content that was moved aside in it."""
        os.rename(self._path, f"{self._path}.first")
        source = os.open(f"{self._path}.first", os.O_RDONLY | os.O_CLOEXEC)
        try:
            with Recorder(self._path) as final:
                number = 0
                for part in recipe.records(source):
                    if isinstance(part, Content):
                        number += 1
                        self._settle_content(final, number, part)
                    else:
                        final.literal(part)
        finally:
            os.close(source)

    def _settle_content(self, final: Recorder, number: int, part: Content) -> None:
        moved = self._find(number, part.path)
        if moved is None:
            final.content(part.path, part.offset, part.length, part.crc)
            return
        for data in self._kept(moved, part):
            final.literal(data)

    def _find(self, number: int, path: str) -> str | None:
        """Return the path aside of the content with this number, or None when it is where it was."""
        found = []
        head = path
        while head:
            rest = path[len(head) :]
            found += [(order, f"{order[1]}{rest}") for order in self._moved.get(head, ()) if order[0] >= number]
            head = head.rpartition("/")[0]
        return min(found)[1] if found else None

    def _kept(self, path: str, content: Content) -> Iterator[bytes]:
        folder = os.open(self._aside, _OPEN_FOLDER)
        try:
            file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
        finally:
            os.close(folder)
        try:
            offset, left = content.offset, content.length
            while left:
                data = os.pread(file, min(left, _PIECE), offset)
                offset, left = offset + len(data), left - len(data)
                yield data
        finally:
            os.close(file)
