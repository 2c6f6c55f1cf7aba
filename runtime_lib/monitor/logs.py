"""Read a container's log, across its rotated files, also while the monitor writes and rotates it."""

from __future__ import annotations

import os
import time

from ..jsontext import parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_BLOCK = 64 * 1024
_PAUSES = (0.02, 0.25)  # seconds between two looks at a log that is followed: the first, and the longest


class Record:
    """What an application wrote at `time_ns` (since 1970) to `stream` ("stdout" or "stderr"): a line, or a piece."""

    __slots__ = ("attributes", "data", "stream", "time_ns")

    def __init__(self, time_ns: int, stream: str, data: bytes, attributes: dict[str, str] | None = None) -> None:
        self.attributes = attributes or {}  # what the log options labels, env and tag add
        self.time_ns = time_ns
        self.stream = stream
        self.data = data


def read(path: str, tail: int | None = None, since: int = 0, until: int | None = None) -> Iterator[Record]:
    """Return the records so far: the last `tail` ones, from `since` up to `until` (nanoseconds since 1970).

    As in Docker everything counts after the first record that is not before `since`: the clock may have been set back.
    """
    files = _Files(path, tail, since)
    try:
        yield from _between(files.snapshot(), since, until)
    finally:
        files.close()


def follow(
    path: str,
    running: Callable[[], bool],
    tail: int | None = None,
    since: int = 0,
    until: int | None = None,
) -> Iterator[Record]:
    """Return the records as `read` does, then those to come, until `running()` says that there will be none."""
    files = _Files(path, tail, since)
    try:
        yield from _between(_forever(files, running), since, until)
    finally:
        files.close()


def _forever(files: _Files, running: Callable[[], bool]) -> Iterator[Record]:
    pause = _PAUSES[0]
    while True:
        going_on = running()  # asked first: what was written before the end is read after the answer
        found = False
        for record in files.records():
            found = True
            pause = _PAUSES[0]
            yield record
        if not found and not going_on:
            return
        if not found:
            time.sleep(pause)
            pause = min(pause * 1.5, _PAUSES[1])


def _between(records: Iterator[Record], since: int, until: int | None) -> Iterator[Record]:
    begun = False
    for record in records:
        if until is not None and record.time_ns > until:
            return
        begun = begun or record.time_ns >= since
        if begun:
            yield record


class _Files:
    """The files that are still to be read, oldest first, each held open: a rotation takes none of them away.

    Those that have been read are held open as long as they have a name, so that no other file gets their number.
    """

    def __init__(self, path: str, tail: int | None, since: int) -> None:
        self._path = path
        self._open = _descriptors(path)
        self._read: list[int] = []
        self._rest = b""
        if tail is not None:
            self._skip_to(tail)
        while len(self._open) > 1 and os.fstat(self._open[0]).st_mtime_ns < since:
            self._finish_first()

    def close(self) -> None:
        """Close them."""
        for descriptor in self._open + self._read:
            os.close(descriptor)
        self._open, self._read = [], []

    def snapshot(self) -> Iterator[Record]:
        """Return what was there when the files were opened, however fast they grow meanwhile."""
        ends = [os.fstat(descriptor).st_size for descriptor in self._open]
        for end in ends:
            yield from self._lines(self._open[0], end)
            self._finish_first()

    def records(self) -> Iterator[Record]:
        """Return what is there now and was not returned before."""
        while self._open or self._reopen():
            yield from self._lines(self._open[0])
            if len(self._open) > 1:
                self._finish_first()
                continue
            if not self._rotated():
                return
            # It was renamed after its last write, so this is the rest of it.
            yield from self._lines(self._open[0])
            if not self._reopen():
                return

    def _skip_to(self, tail: int) -> None:
        """Leave out all but the last `tail` records."""
        wanted = tail
        for number in range(len(self._open) - 1, -1, -1):
            offset, found = _last_lines(self._open[number], wanted)
            os.lseek(self._open[number], offset, os.SEEK_SET)
            wanted -= found
            if wanted <= 0:
                for _older in range(number):
                    self._finish_first()
                return

    def _lines(self, descriptor: int, end: int | None = None) -> Iterator[Record]:
        """Return the records up to the end of a file, or up to the position `end`."""
        while True:
            left = _BLOCK if end is None else min(_BLOCK, end - os.lseek(descriptor, 0, os.SEEK_CUR))
            data = os.read(descriptor, max(left, 0))
            if not data:
                return
            lines = (self._rest + data).split(b"\n")
            self._rest = lines.pop()
            for line in lines:
                record = decode(line)
                if record is not None:
                    yield record

    def _finish_first(self) -> None:
        self._read.append(self._open.pop(0))
        self._rest = b""
        for descriptor in [each for each in self._read if os.fstat(each).st_nlink == 0]:
            self._read.remove(descriptor)
            os.close(descriptor)

    def _rotated(self) -> bool:
        try:
            now = os.stat(self._path)
        except FileNotFoundError:
            return True
        return not os.path.samestat(now, os.fstat(self._open[0]))

    def _reopen(self) -> bool:
        """Go on with the files that came after the one that has been read; False when there is none yet."""
        fresh = _descriptors(self._path)
        if not self._open:
            self._open = fresh
            return bool(fresh)
        # It may be deleted: by so many rotations that all files are newer, or by hand, and older ones are there.
        known = [os.fstat(each) for each in (*self._read, self._open[0])]
        places = [number for number, each in enumerate(fresh) if any(_same(each, status) for status in known)]
        done = places[-1] + 1 if places else 0
        for descriptor in fresh[:done]:
            os.close(descriptor)
        if not fresh[done:]:
            return False
        self._finish_first()
        self._open = fresh[done:]
        return True


def _same(descriptor: int, status: os.stat_result) -> bool:
    """Whether it is the same file, or what was compressed of it meanwhile, which keeps time and size."""
    other = os.fstat(descriptor)
    unpacked = other.st_nlink == 0 or status.st_nlink == 0
    like = (other.st_mtime_ns, other.st_size) == (status.st_mtime_ns, status.st_size)
    return os.path.samestat(other, status) or (unpacked and like)


def _descriptors(path: str) -> list[int]:
    """Open all files of a log, oldest first; opened newest first, so that a rotation meanwhile hides none."""
    opened: list[int] = []
    seen = set()
    number = missing = 0
    while missing < 2:  # one is missing for a moment while the files are renamed
        try:
            descriptor, compressed = _open(path, number)
            status = os.fstat(descriptor)
            if (status.st_dev, status.st_ino) in seen:
                os.close(descriptor)
            else:
                seen.add((status.st_dev, status.st_ino))
                opened.insert(0, _unpacked(descriptor) if compressed else descriptor)
        except FileNotFoundError:
            missing += 1
        number += 1
    return opened


def _open(path: str, number: int) -> tuple[int, bool]:
    """Open one of the files; return whether it is compressed."""
    if number == 0:
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC), False
    try:
        return os.open(f"{path}.{number}", os.O_RDONLY | os.O_CLOEXEC), False
    except FileNotFoundError:
        return os.open(f"{path}.{number}.gz", os.O_RDONLY | os.O_CLOEXEC), True


def _unpacked(descriptor: int) -> int:
    from .archive import unpacked

    return unpacked(descriptor)


def _last_lines(descriptor: int, wanted: int) -> tuple[int, int]:
    """Return (where the last `wanted` lines of a file begin, how many lines there are from there on)."""
    end = os.fstat(descriptor).st_size
    found = 0
    while end > 0:
        start = max(0, end - _BLOCK)
        block = os.pread(descriptor, end - start, start)
        place = len(block)
        while True:
            place = block.rfind(b"\n", 0, place)
            if place < 0:
                break
            if found == wanted:
                return start + place + 1, found
            found += 1
        end = start
    return 0, found


def decode(line: bytes) -> Record | None:
    """Return the record of one line; None for one that a power cut or a full disk has left unfinished."""
    try:
        entry = parse(line.decode())
        data = entry["log"].encode("utf-8", "surrogateescape")
        return Record(nanoseconds(entry["time"]), entry["stream"], data, entry.get("attrs"))
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def nanoseconds(text: str) -> int:
    """Return the nanoseconds since 1970 of an RFC 3339 time in UTC, as `encoding.rfc3339` writes it."""
    year, month, day = int(text[:4]), int(text[5:7]), int(text[8:10])
    seconds = (int(text[11:13]) * 60 + int(text[14:16])) * 60 + int(text[17:19])
    # Days since 1970 in the Gregorian calendar, counted from March so that the leap day is a year's last one.
    year -= month < 3
    days = year * 365 + year // 4 - year // 100 + year // 400 + (153 * ((month + 9) % 12) + 2) // 5 + day - 719469
    return (days * 86400 + seconds) * 1_000_000_000 + int(text[19:].strip(".Z").ljust(9, "0") or 0)
