"""Sparse files in tar archives: the four formats of GNU tar (GNU tar manual, "Storing Sparse Files").

Old GNU format (type S, the map in the header and in blocks behind it) and the PAX formats 0.0, 0.1 (the map in PAX
records) and 1.0 (the map before the data). Each gives Entry.sparse: the (offset, length) of every piece of data.
"""

from __future__ import annotations

import os

from ..errors import CorruptData
from .tarheader import BLOCK, MAX_EXTENSION, decimal, number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .tarheader import Entry

_MAX_PIECES = 1 << 16


def apply_gnu(entry: Entry, block: bytes, next_block: Callable[[], bytes]) -> None:
    """Give a member of type S its map and its real size; `next_block` reads the blocks that continue the map."""
    pieces = _structs(block[386:482])
    more = block[482]
    while more:
        following = next_block()
        pieces += _structs(following[:504])
        more = following[504]
        _limit(len(pieces))
    _set(entry, pieces, number(block[483:495], "real size"))


def apply_pax(entry: Entry, records: list[tuple[bytes, bytes]], take: Callable[[int], bytes]) -> None:
    """Give a member its map where the PAX records say that it is sparse; `take` reads the member's data."""
    found = {key: value for key, value in records if key.startswith(b"GNU.sparse.")}
    if not found:
        return
    if b"GNU.sparse.name" in found:
        entry.name = os.fsdecode(found[b"GNU.sparse.name"])
    size = decimal(found.get(b"GNU.sparse.realsize", found.get(b"GNU.sparse.size", b"")), "real size")
    if found.get(b"GNU.sparse.major") == b"1":
        pieces = _stored_map(entry, take)
    elif b"GNU.sparse.map" in found:
        pieces = _pairs(found[b"GNU.sparse.map"].split(b","))
    else:
        texts = [value for key, value in records if key in (b"GNU.sparse.offset", b"GNU.sparse.numbytes")]
        pieces = _pairs(texts)
    _set(entry, pieces, size)


def _structs(data: bytes) -> list[tuple[int, int]]:
    pieces = []
    for start in range(0, len(data), 24):
        if data[start] == 0:
            break
        pieces.append((number(data[start : start + 12], "offset"), number(data[start + 12 : start + 24], "length")))
    return pieces


def _pairs(texts: list[bytes]) -> list[tuple[int, int]]:
    if texts == [b""]:
        return []
    if len(texts) % 2:
        raise CorruptData("a damaged tar archive: a sparse map with an offset but no length")
    _limit(len(texts) // 2)
    numbers = [decimal(value, "sparse map") for value in texts]
    return list(zip(numbers[::2], numbers[1::2]))


def _stored_map(entry: Entry, take: Callable[[int], bytes]) -> list[tuple[int, int]]:
    """Read the map of format 1.0: decimal lines, the first one their number of pairs, padded to a full block."""
    data = b""
    wanted = 1
    while data.count(b"\n") < wanted:
        if len(data) >= MAX_EXTENSION:
            raise CorruptData("a damaged tar archive: a sparse map without an end")
        data += take(BLOCK)
        entry.stored -= BLOCK
        if wanted == 1 and b"\n" in data:
            pairs = decimal(data[: data.index(b"\n")], "sparse map")
            _limit(pairs)
            wanted += 2 * pairs
    return _pairs(data.split(b"\n")[1:wanted])


def _limit(pieces: int) -> None:
    if pieces > _MAX_PIECES:
        raise CorruptData(f"a tar archive holds a file of {pieces} pieces; at most {_MAX_PIECES} are accepted")


def _set(entry: Entry, pieces: list[tuple[int, int]], size: int) -> None:
    end = 0
    for offset, length in pieces:
        if offset < end or offset + length > size:
            raise CorruptData(f"a damaged tar archive: the sparse map of {entry.name[:200]!r} makes no sense")
        end = offset + length
    if sum(length for _unused, length in pieces) != entry.stored:
        raise CorruptData(f"a damaged tar archive: the sparse map of {entry.name[:200]!r} does not fit its data")
    entry.size = size
    entry.sparse = pieces
