"""Headers of tar archives: one block of 512 bytes -> Entry. Pure.

POSIX pax (ustar and extended headers), GNU tar (long names, base-256 numbers) and its sparse files, in the order of
`man 5 tar` and the GNU tar manual, "Sparse Formats". Everything here comes from strangers: a number that is none, a
negative size or a wrong checksum is CorruptData.
"""

from __future__ import annotations

import os

from ..errors import CorruptData

BLOCK = 512
REGULAR, HARD_LINK, SYMLINK, CHARACTER, BLOCK_DEVICE, FOLDER, FIFO = b"0", b"1", b"2", b"3", b"4", b"5", b"6"
HEADER_ONLY = frozenset((HARD_LINK, SYMLINK, CHARACTER, BLOCK_DEVICE, FOLDER, FIFO))
LONG_NAME, LONG_LINK, GNU_SPARSE, PAX, PAX_GLOBAL = b"L", b"K", b"S", b"x", b"g"
MAX_EXTENSION = 1 << 20  # bytes of a long name, a PAX header or a sparse map; Go's archive/tar has the same limit
_MAX_SIZE = (1 << 63) - 1
_NO_ID = (1 << 32) - 1
_XATTR = b"SCHILY.xattr."


class Entry:
    """One member: what its headers say. Times are nanoseconds, `stored` is the bytes of data that follow."""

    __slots__ = (
        "gid",
        "kind",
        "link",
        "major",
        "minor",
        "mode",
        "mtime",
        "name",
        "size",
        "sparse",
        "stored",
        "uid",
        "xattrs",
    )

    link: str
    xattrs: dict[str, bytes] | None
    sparse: list[tuple[int, int]] | None

    def __init__(self, name: str, kind: bytes, mode: int = 0, size: int = 0, mtime: int = 0) -> None:
        self.name = name
        self.kind = kind
        self.mode = mode
        self.size = self.stored = size
        self.mtime = mtime
        self.uid = self.gid = self.major = self.minor = 0
        self.link = ""
        self.xattrs = self.sparse = None


def parse(block: bytes) -> Entry:
    """Return what a header block says. Raises CorruptData, also for a wrong checksum."""
    check(block)
    name, kind = text(block[0:100]), block[156:157]
    if block[257:263] == b"ustar\0" and block[345]:
        name = f"{text(block[345:500])}/{name}"
    if kind in (b"\0", b"7"):
        # V7 tar marks a folder by the slash at the end of its name alone.
        kind = FOLDER if name.endswith("/") else REGULAR
    size = 0 if kind in HEADER_ONLY else number(block[124:136], "size")
    mtime = number(block[136:148], "mtime", True) * 1_000_000_000
    entry = Entry(name, kind, number(block[100:108], "mode") & 0o7777, size, mtime)
    entry.uid = number(block[108:116], "uid")
    entry.gid = number(block[116:124], "gid")
    entry.link = text(block[157:257])
    if kind in (CHARACTER, BLOCK_DEVICE):
        entry.major = number(block[329:337], "device number")
        entry.minor = number(block[337:345], "device number")
    return entry


def check(block: bytes) -> None:
    """Raise CorruptData unless the checksum of a header block is right."""
    # The checksum's own eight bytes count as blanks.
    if sum(block) - sum(block[148:156]) + 256 != number(block[148:156], "checksum"):
        raise CorruptData("not a tar archive, or a damaged one: the checksum of a header is wrong")


def number(field: bytes, what: str, signed: bool = False) -> int:
    """Return the value of a numeric field: octal digits, or base-256 where its first bit is set. Raises CorruptData."""
    if field[0] & 0x80:
        value = int.from_bytes(field, "big") & ((1 << (8 * len(field) - 1)) - 1)
        if field[0] & 0x40:
            value -= 1 << (8 * len(field) - 1)
    else:
        digits = field.split(b"\0", 1)[0].strip(b" ")
        if not digits:
            return 0
        try:
            value = int(digits, 8) if digits.isdigit() else -1
        except ValueError:
            value = -1
        if value < 0:
            raise CorruptData(f"a damaged tar archive: {what} is {digits[:20]!r}")
    if not -_MAX_SIZE <= value <= _MAX_SIZE or (value < 0 and not signed):
        raise CorruptData(f"a damaged tar archive: {what} is {value}")
    return value


def text(field: bytes) -> str:
    """Return a text field, which ends at the first NUL; bytes that are no UTF-8 survive (os.fsencode)."""
    return os.fsdecode(field.split(b"\0", 1)[0])


def records(data: bytes) -> list[tuple[bytes, bytes]]:
    """Return the records of a PAX header, each `<length> <key>=<value>\\n`. Raises CorruptData."""
    result = []
    position = 0
    while position < len(data):
        blank = data.find(b" ", position, position + 20)
        digits = data[position:blank]
        if blank < 0 or not digits.isdigit():
            raise CorruptData("a damaged tar archive: a PAX record without a length")
        end = position + int(digits)
        key, equals, value = data[blank + 1 : end - 1].partition(b"=")
        if end > len(data) or data[end - 1 : end] != b"\n" or not equals or end <= blank:
            raise CorruptData("a damaged tar archive: a PAX record of a wrong length")
        result.append((key, value))
        position = end
    return result


def apply(entry: Entry, extensions: list[tuple[bytes, bytes]]) -> None:
    """Let the records of a PAX header overrule what the header block said; an empty value leaves it."""
    for key, value in extensions:
        if not value and not key.startswith(_XATTR):
            continue
        if key == b"path":
            entry.name = _path(value)
        elif key == b"linkpath":
            entry.link = _path(value)
        elif key == b"size":
            entry.size = entry.stored = decimal(value, "size")
        elif key == b"uid":
            entry.uid = decimal(value, "uid")
        elif key == b"gid":
            entry.gid = decimal(value, "gid")
        elif key == b"mtime":
            entry.mtime = _time(value)
        elif key.startswith(_XATTR):
            entry.xattrs = entry.xattrs or {}
            entry.xattrs[_path(key[len(_XATTR) :])] = value


def check_ranges(entry: Entry) -> None:
    """Raise CorruptData for numbers that no Linux system has; 2^32 - 1 is no owner but "leave it" (chown(2))."""
    if entry.uid >= _NO_ID or entry.gid >= _NO_ID:
        raise CorruptData(f"a damaged tar archive: {entry.name[:200]!r} belongs to user {entry.uid}, group {entry.gid}")
    if entry.major >= 1 << 12 or entry.minor >= 1 << 20:
        raise CorruptData(f"a damaged tar archive: {entry.name[:200]!r} is device {entry.major}:{entry.minor}")


def decimal(value: bytes, what: str) -> int:
    """Return a decimal number of at most 63 bits. Raises CorruptData."""
    if not value.isdigit() or len(value) > 19 or int(value) > _MAX_SIZE:
        raise CorruptData(f"a damaged tar archive: {what} is {value[:20]!r}")
    return int(value)


def _path(value: bytes) -> str:
    if b"\0" in value:
        raise CorruptData(f"a damaged tar archive: a zero byte in the name {value[:100]!r}")
    return os.fsdecode(value)


def _time(value: bytes) -> int:
    whole, _unused, fraction = value.partition(b".")
    digits = whole[1:] if whole[:1] == b"-" else whole
    if (fraction and not fraction.isdigit()) or len(digits) > 12:
        raise CorruptData(f"a damaged tar archive: mtime is {value[:40]!r}")
    nanoseconds = decimal(digits, "mtime") * 1_000_000_000 + int(fraction[:9].ljust(9, b"0"))
    return -nanoseconds if whole[:1] == b"-" else nanoseconds
