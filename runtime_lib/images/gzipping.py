"""Layers compressed with gzip (RFC 1952), on all processors: the same layer always becomes the same bytes.

What looks compressed already (archives, images, keys) is stored as it is: zlib would take as long for it as for all the
rest, and gain nothing.
"""

from __future__ import annotations

import hashlib
import os
import struct
import zlib
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from concurrent.futures import Future

_HEADER = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"  # no name, no time, no system
_CHUNK = 1 << 20  # bytes that are compressed by one thread; part of what decides on the result
_WINDOW = 1 << 15  # bytes of the chunk before that a chunk may refer to
_LEVEL = 4  # takes half of the time of zlib's own default, 6, for 2 % more bytes
_PART = 1 << 12  # bytes of a chunk that are compressed or stored
_STRIDE = 31  # of the bytes of a part that are looked at: 133, no power of two, as records often have such a size
_DISTINCT = 97  # values among those; random bytes have 104, machine code and floating-point numbers fewer than 90
_LONGEST = (1 << 16) - 1  # bytes of a stored block


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
    result: list[bytes] = []
    for dense, data in _runs(chunk):
        if dense:
            # What follows refers to nothing before this flush: zlib does not know how much is stored here.
            result.append(deflater.flush(zlib.Z_FULL_FLUSH))
            result += _stored(data)
        else:
            result.append(deflater.compress(data))
    result.append(deflater.flush(zlib.Z_SYNC_FLUSH))
    return b"".join(result)


def _runs(chunk: bytes) -> Iterator[tuple[bool, bytes]]:
    """Yield a chunk in runs of parts; whether each is dense, as nothing would make it smaller."""
    for dense, places in groupby(range(0, len(chunk), _PART), lambda place: _is_dense(chunk[place : place + _PART])):
        first, *rest = places
        yield dense, chunk[first : (rest[-1] if rest else first) + _PART]


def _is_dense(part: bytes) -> bool:
    return len(set(part[::_STRIDE])) > _DISTINCT


def _stored(data: bytes) -> Iterator[bytes]:
    """Yield stored blocks (RFC 1951, 3.2.4) that begin and end at a byte."""
    for start in range(0, len(data), _LONGEST):
        block = data[start : start + _LONGEST]
        yield struct.pack("<BHH", 0, len(block), len(block) ^ 0xFFFF)
        yield block


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
