"""How the archive of a layer is made again from its unpacked tree, byte for byte.

A recipe is written while a layer is unpacked, and lies beside its tree. It holds all of the archive that the tree does
not (headers, padding, what is behind the end), and says at which places which file's content stands. The layer's
digest covers the result, so a recipe needs none of its own.

The file: 16 bytes of MAGIC, 8 bytes with the archive's size, and a gzip stream of records, big-endian:

    literal   b"L"  length u32                                            these bytes
    content   b"C"  length u64, offset u64, crc32 u32, length of the path u32    path (without a slash at its start)
"""

from __future__ import annotations

import os
import struct
import zlib

from ..errors import CorruptData
from ..linux.writing import write_all
from ..records import dataclass
from . import compression

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Union

    Piece = Union[bytes, memoryview]

MAGIC = b"skiff recipe 1\n\0"
_SIZE = struct.Struct(">Q")
_LITERAL = struct.Struct(">cI")
_CONTENT = struct.Struct(">cQQII")
_START = len(MAGIC) + _SIZE.size
_BATCH = 1 << 18  # bytes that are read together, and at which literal ones are written
_RECORDS = 1 << 10  # pieces that are compressed and written together, each of them of a few hundred bytes
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True)
class Content:
    """Bytes that are the file's at `path`, from `offset` on."""

    path: str
    offset: int
    length: int
    crc: int


class Recorder:
    """Writes a recipe. A context manager; the recipe is complete when its block ends without an error."""

    def __init__(self, path: str) -> None:
        """Create the file `path`, which must not exist."""
        self.size = 0  # of the archive
        self._descriptor = os.open(path, _NEW, 0o600)
        self._packer = zlib.compressobj(1, zlib.DEFLATED, 31)
        self._literal: list[bytes] = []
        self._length = 0  # of `_literal`
        self._batch: list[bytes] = []

    def __enter__(self) -> Recorder:
        os.lseek(self._descriptor, _START, os.SEEK_SET)
        return self

    def __exit__(self, kind: object, *_unused: object) -> None:
        try:
            if kind is None:
                self._flush()
                self._write(self._packer.flush())
                os.pwrite(self._descriptor, MAGIC + _SIZE.pack(self.size), 0)
        finally:
            os.close(self._descriptor)

    def literal(self, data: bytes) -> None:
        """Record bytes that no file has."""
        self._literal.append(data)
        self._length += len(data)
        if self._length > _BATCH:
            self._flush()

    def content(self, path: str, offset: int, length: int, crc: int) -> None:
        """Record that a file's bytes come next; `crc` is their crc32."""
        if self._length:
            self._end_literal()
        name = os.fsencode(path)
        self._batch.append(_CONTENT.pack(b"C", length, offset, crc, len(name)))
        self._batch.append(name)
        self.size += length
        if len(self._batch) > _RECORDS:
            self._flush()

    def _end_literal(self) -> None:
        self._batch.append(_LITERAL.pack(b"L", self._length))
        self._batch += self._literal
        self.size += self._length
        self._literal.clear()
        self._length = 0

    def _flush(self) -> None:
        if self._length:
            self._end_literal()
        self._write(self._packer.compress(b"".join(self._batch)))
        self._batch.clear()

    def _write(self, data: bytes) -> None:
        write_all(self._descriptor, data)


def size(descriptor: int) -> int:
    """Return the size of the archive that an open recipe is for. Raises CorruptData when it is no recipe."""
    head = os.pread(descriptor, _START, 0)
    if len(head) < _START or not head.startswith(MAGIC):
        raise CorruptData("it is not a recipe")
    return int(_SIZE.unpack_from(head, len(MAGIC))[0])


def records(descriptor: int) -> Iterator[bytes | Content]:
    """Yield what an open recipe tells: the bytes themselves, or where they are. Raises CorruptData."""
    size(descriptor)
    os.lseek(descriptor, _START, os.SEEK_SET)
    with compression.opened(lambda: os.read(descriptor, _BATCH)) as pieces:
        take = _taker(pieces)
        while True:
            kind = take(1, True)
            if not kind:
                return
            if kind == b"L":
                yield take(_LITERAL.unpack(kind + take(_LITERAL.size - 1))[1])
            elif kind == b"C":
                _kind, length, offset, crc, name = _CONTENT.unpack(kind + take(_CONTENT.size - 1))
                yield Content(os.fsdecode(take(name)), offset, length, crc)
            else:
                raise CorruptData(f"it has a record of the unknown kind {kind!r}")


def _taker(pieces: Iterator[bytes]) -> Callable[..., bytes]:
    """Return a function that takes so many bytes of the pieces; none at all are allowed `at_end`."""
    buffer = b""
    position = 0

    def take(wanted: int, at_end: bool = False) -> bytes:
        nonlocal buffer, position
        while len(buffer) - position < wanted:
            piece = next(pieces, b"")
            if not piece:
                if at_end:
                    return b""
                raise CorruptData("it ends too early")
            buffer = buffer[position:] + piece
            position = 0
        position += wanted
        return buffer[position - wanted : position]

    return take
