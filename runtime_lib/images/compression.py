"""Decompress a stream piece by piece: no piece is larger than 1 MiB, whatever an archive promises."""

from __future__ import annotations

import zlib

from ..errors import CorruptData

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Read = Callable[[], bytes]

PIECE = 1 << 20


def pieces(read: Read) -> Iterator[bytes]:
    """Yield the uncompressed pieces of what `read` returns (gzip or plain, told by its first bytes).

    Raises CorruptData for data that is damaged or cut off.
    """
    first = read()
    if first[:2] == b"\x1f\x8b":
        return _gzip(first, read)
    return _plain(first, read)


def _plain(first: bytes, read: Read) -> Iterator[bytes]:
    while first:
        yield first
        first = read()


def _gzip(data: bytes, read: Read) -> Iterator[bytes]:
    while data:
        member = zlib.decompressobj(wbits=31)
        while not member.eof:
            if not data:
                raise CorruptData("the gzip data ends too early; it is damaged or was cut off")
            try:
                piece = member.decompress(data, PIECE)
            except zlib.error as error:
                raise CorruptData(f"the gzip data is damaged: {error}") from error
            data = member.unconsumed_tail or (b"" if member.eof else read())
            if piece:
                yield piece
        data = (member.unused_data or read()).lstrip(b"\0")
