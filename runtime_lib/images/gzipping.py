"""Layers compressed with gzip (RFC 1952), on all processors: the same layer always becomes the same bytes."""

from __future__ import annotations

import hashlib
import os
import struct
import zlib
from collections import deque
from concurrent.futures import ThreadPoolExecutor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from concurrent.futures import Future

_HEADER = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"  # no name, no time, no system
_CHUNK = 1 << 20  # bytes that are compressed by one thread; part of what decides on the result
_WINDOW = 1 << 15  # bytes of the chunk before that a chunk may refer to
_LEVEL = 6


class Gzip:
    """`pieces()` yields data compressed; afterwards `digest` and `size` are those of it, `plain` the digest before."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._given = pieces
        self._stored, self._plain = hashlib.sha256(), hashlib.sha256()
        self.size = 0

    @property
    def digest(self) -> str:
        """The digest of what was yielded."""
        return f"sha256:{self._stored.hexdigest()}"

    @property
    def plain(self) -> str:
        """The digest of what was given."""
        return f"sha256:{self._plain.hexdigest()}"

    def pieces(self) -> Iterator[bytes]:
        """Yield the compressed data, once."""
        yield self._counted(_HEADER)
        crc = length = 0
        workers = os.cpu_count() or 1
        with ThreadPoolExecutor(workers) as pool:
            waiting: deque[Future[bytes]] = deque()
            window = b""
            for chunk in _chunks(self._given):
                self._plain.update(chunk)
                crc, length = zlib.crc32(chunk, crc), length + len(chunk)
                waiting.append(pool.submit(_deflate, chunk, window))
                window = chunk[-_WINDOW:]
                if len(waiting) > 2 * workers:
                    yield self._counted(waiting.popleft().result())
            while waiting:
                yield self._counted(waiting.popleft().result())
        # An empty last block, and the trailer.
        yield self._counted(b"\x03\0" + struct.pack("<II", crc, length & 0xFFFFFFFF))

    def _counted(self, data: bytes) -> bytes:
        self._stored.update(data)
        self.size += len(data)
        return data


def _deflate(chunk: bytes, window: bytes) -> bytes:
    """Return a chunk as blocks that end at a byte, none of them the last one (RFC 1951)."""
    if window:
        deflater = zlib.compressobj(_LEVEL, zlib.DEFLATED, -15, 8, zlib.Z_DEFAULT_STRATEGY, window)
    else:
        deflater = zlib.compressobj(_LEVEL, zlib.DEFLATED, -15)
    return deflater.compress(chunk) + deflater.flush(zlib.Z_SYNC_FLUSH)


def _chunks(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the same bytes in pieces of one size, but for the last."""
    waiting = bytearray()
    for piece in pieces:
        waiting += piece
        while len(waiting) >= _CHUNK:
            yield bytes(waiting[:_CHUNK])
            del waiting[:_CHUNK]
    if waiting:
        yield bytes(waiting)
