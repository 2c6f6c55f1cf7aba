"""Read a tar archive from a stream, member after member, with constant memory."""

from __future__ import annotations

from ..errors import CorruptData
from . import sparse, tarheader
from .tarheader import BLOCK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .tarheader import Entry

_ZEROS = bytes(BLOCK)


class TarReader:
    """Iterate over it: each Entry is followed by its data, which `data()` gives; what is not taken is skipped."""

    def __init__(
        self,
        read: Callable[[], bytes],
        seek: Callable[[int], object] | None = None,
        literal: Callable[[bytes], None] | None = None,
    ) -> None:
        """`read` returns the next piece of the archive, of any length, and b"" at its end.

        Where only the headers matter, `seek` moves its position forward by a number of bytes. `literal` is given, in
        order, every byte of the archive that neither `data()` nor `content()` gives to the caller.
        """
        self._read = read
        self._seek = seek
        self._literal = literal
        self._taken = 0  # from `read`, with what was sought
        self._buffer = memoryview(b"")
        self._left = 0  # bytes of the present member's data
        self._padding = 0

    def __iter__(self) -> Iterator[Entry]:
        """Yield every member. Raises CorruptData, also when the archive ends in the middle of one."""
        extensions: list[tuple[bytes, bytes]] = []
        everywhere: list[tuple[bytes, bytes]] = []
        while True:
            self._skip()
            block = self._header()
            if block is None:
                return self._drain()
            entry = tarheader.parse(block)
            kind = entry.kind
            if kind == tarheader.PAX:
                extensions += tarheader.records(self._extension(entry))
            elif kind == tarheader.PAX_GLOBAL:
                everywhere = tarheader.records(self._extension(entry))
            elif kind == tarheader.LONG_NAME:
                extensions.append((b"path", self._extension(entry).split(b"\0", 1)[0]))
            elif kind == tarheader.LONG_LINK:
                extensions.append((b"linkpath", self._extension(entry).split(b"\0", 1)[0]))
            else:
                yield self._complete(entry, everywhere + extensions, block)
                extensions = []

    @property
    def position(self) -> int:
        """Where the data of the present member (what is left of it) begins in the archive."""
        return self._taken - len(self._buffer)

    def data(self) -> Iterator[memoryview]:
        """Yield the stored data of the present member, piece by piece."""
        while self._left:
            if not self._buffer:
                self._fill()
            piece = self._buffer[: self._left]
            self._buffer = self._buffer[len(piece) :]
            self._left -= len(piece)
            yield piece

    def content(self, size: int) -> bytes:
        """Return the next `size` bytes of the present member's data. Raises CorruptData when it has less."""
        if size > self._left:
            raise CorruptData("a damaged tar archive: a member is shorter than it says")
        self._left -= size
        return self._pull(size)

    def _take(self, size: int) -> bytes:
        """Return what stands in a member's data, but belongs to a header."""
        data = self.content(size)
        if self._literal:
            self._literal(data)
        return data

    def _tell(self, data: bytes | memoryview) -> None:
        if self._literal and data:
            self._literal(bytes(data))

    def _complete(self, entry: Entry, extensions: list[tuple[bytes, bytes]], block: bytes) -> Entry:
        tarheader.apply(entry, extensions)
        tarheader.check_ranges(entry)
        if entry.kind in tarheader.HEADER_ONLY:
            entry.size = entry.stored = 0
        # The map of a sparse file is stored before its data, so reading it is part of reading the header.
        self._open(entry.stored)
        if entry.kind == tarheader.GNU_SPARSE:
            sparse.apply_gnu(entry, block, lambda: self._exactly(BLOCK))
        else:
            sparse.apply_pax(entry, extensions, self._take)
        return entry

    def _open(self, size: int) -> None:
        self._left = size
        self._padding = -size % BLOCK

    def _extension(self, entry: Entry) -> bytes:
        if entry.size > tarheader.MAX_EXTENSION:
            raise CorruptData(f"a damaged tar archive: an extended header of {entry.size} bytes")
        self._open(entry.size)
        return self._take(entry.size)

    def _header(self) -> bytes | None:
        if not self._buffer:
            self._next()
            if not self._buffer and not self._taken:
                raise CorruptData("the archive is empty")
            if not self._buffer:
                return None  # many writers leave out the zero blocks at the end
        block = self._exactly(BLOCK)
        if block == _ZEROS:
            return None
        return block

    def _exactly(self, size: int) -> bytes:
        data = self._pull(size)
        if self._literal and size:
            self._literal(data)
        return data

    def _pull(self, size: int) -> bytes:
        if len(self._buffer) >= size:
            result = bytes(self._buffer[:size])
            self._buffer = self._buffer[size:]
            return result
        parts = []
        while size:
            if not self._buffer:
                self._fill()
            parts.append(bytes(self._buffer[:size]))
            self._buffer = self._buffer[len(parts[-1]) :]
            size -= len(parts[-1])
        return b"".join(parts)

    def _next(self) -> None:
        self._buffer = memoryview(self._read())
        self._taken += len(self._buffer)

    def _skip(self) -> None:
        if self._seek and self._left > len(self._buffer):
            beyond = self._left - len(self._buffer)
            self._seek(beyond)
            self._taken += beyond
            self._left, self._buffer = 0, self._buffer[:0]
        for piece in self.data():
            self._tell(piece)
        self._exactly(self._padding)
        self._padding = 0

    def _fill(self) -> None:
        self._next()
        if not self._buffer:
            raise CorruptData("the tar archive ends in the middle of a member; it is damaged or was cut off")

    def _drain(self) -> None:
        # The digest of a layer covers what stands behind the end of the archive, too.
        self._tell(self._buffer)
        while not self._seek:
            piece = self._read()
            if not piece:
                return
            self._tell(piece)
