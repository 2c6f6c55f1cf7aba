"""Write headers of tar archives: ustar, with a PAX header where a value does not fit (pax(1), POSIX.1-2017). Pure."""

from __future__ import annotations

import os

from .tarheader import BLOCK, PAX

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .tarheader import Entry

END = bytes(2 * BLOCK)
_MAX_ID = 0o7777777
_MAX_SIZE = 0o77777777777


def header(entry: Entry) -> bytes:
    """Return the header blocks of a member; the same member always gives the same bytes."""
    name, link = os.fsencode(entry.name), os.fsencode(entry.link)
    size = entry.size if entry.sparse is None else entry.stored
    records = _too_large(entry, name, link, size)
    if entry.sparse is not None:
        records.update(_sparse(entry, name))
        name = b"GNUSparseFile.0/" + name[-80:].lstrip(b"/")
        records.pop(b"path", None)
    for attribute, content in (entry.xattrs or {}).items():
        records[b"SCHILY.xattr." + os.fsencode(attribute)] = content
    seconds = min(max(entry.mtime // 1_000_000_000, 0), _MAX_SIZE)
    block = _block(entry, name[:100], link[:100], entry.kind, size, seconds)
    if not records:
        return block
    data = b"".join(_record(key, records[key]) for key in sorted(records))
    return _block(entry, b"PaxHeaders/" + name[:80], b"", PAX, len(data), seconds) + data + padding(len(data)) + block


def _too_large(entry: Entry, name: bytes, link: bytes, size: int) -> dict[bytes, bytes]:
    """Return the PAX records of what a ustar header has no room for, or cannot say: times are whole seconds there."""
    records: dict[bytes, bytes] = {}
    seconds, fraction = divmod(entry.mtime, 1_000_000_000)
    if len(name) > 100 or not name.isascii():
        records[b"path"] = name
    if len(link) > 100 or not link.isascii():
        records[b"linkpath"] = link
    if fraction or not 0 <= seconds <= _MAX_SIZE:
        records[b"mtime"] = _decimal(entry.mtime)
    for key, value, most in ((b"uid", entry.uid, _MAX_ID), (b"gid", entry.gid, _MAX_ID), (b"size", size, _MAX_SIZE)):
        if value > most:
            records[key] = b"%d" % value
    return records


def sparse_map(entry: Entry) -> bytes:
    """Return the map of a sparse file, which comes before its data (GNU tar manual, "PAX Format, Version 1.0")."""
    numbers = [len(entry.sparse or ()), *(number for piece in entry.sparse or () for number in piece)]
    text = b"".join(b"%d\n" % number for number in numbers)
    return text + padding(len(text))


def padding(size: int) -> bytes:
    """Return the zeros that fill the last block of `size` bytes."""
    return bytes(-size % BLOCK)


def _block(entry: Entry, name: bytes, link: bytes, kind: bytes, size: int, seconds: int) -> bytes:
    fields = (
        name.ljust(100, b"\0"),
        b"%07o\0" % entry.mode,
        b"%07o\0" % min(entry.uid, _MAX_ID),
        b"%07o\0" % min(entry.gid, _MAX_ID),
        b"%011o\0" % min(size, _MAX_SIZE),
        b"%011o\0" % seconds,
        b" " * 8,
        kind,
        link.ljust(100, b"\0"),
        b"ustar\x0000",
        bytes(64),  # names of user and group: numbers alone are the same everywhere
        b"%07o\0" % entry.major,
        b"%07o\0" % entry.minor,
        bytes(155 + 12),
    )
    block = b"".join(fields)
    return block[:148] + b"%06o\0 " % sum(block) + block[156:]


def _sparse(entry: Entry, name: bytes) -> dict[bytes, bytes]:
    values = {b"major": b"1", b"minor": b"0", b"name": name, b"realsize": b"%d" % entry.size}
    return {b"GNU.sparse." + key: value for key, value in values.items()}


def _record(key: bytes, value: bytes) -> bytes:
    """Return `<length> <key>=<value>\\n`; the length counts its own digits."""
    rest = len(key) + len(value) + 3
    size = rest + len(str(rest))
    if len(str(size)) > len(str(rest)):
        size = rest + len(str(size))
    return b"%d %s=%s\n" % (size, key, value)


def _decimal(nanoseconds: int) -> bytes:
    sign = b"-" if nanoseconds < 0 else b""
    seconds, fraction = divmod(abs(nanoseconds), 1_000_000_000)
    digits = b"%09d" % fraction
    return (sign + b"%d." % seconds + digits).rstrip(b"0").rstrip(b".")
