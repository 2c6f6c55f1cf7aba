"""The log of one container: records in a file that is rotated and never grows past its limits.

A full or broken disk must neither stop nor kill the application: what cannot be written is counted and dropped.
"""

from __future__ import annotations

import posix
import time

from .encoding import record, rfc3339, split

_FLAGS = posix.O_WRONLY | posix.O_CREAT | posix.O_APPEND | posix.O_NOFOLLOW | posix.O_CLOEXEC


class LogFile:
    """`path` and its older files `path.1`, `path.2`, ...: at most `max_files` of about `max_size` bytes each."""

    __slots__ = (
        "dropped", "_attributes", "_compress", "_descriptor", "_max_files", "_max_size", "_path", "_rest", "_size",
    )  # fmt: skip

    def __init__(self, path: str, max_size: int, max_files: int, compress: bool = False, attributes: str = "") -> None:
        """Limits below one stand for "no limit" (`max_size`) and "one file" (`max_files`).

        With `compress` the older files are `path.1.gz`, ...; `attributes` is put into each record (see `encoding`).
        """
        self.dropped = 0  # records
        self._compress = compress
        self._attributes = attributes
        self._path = path
        self._max_size = max_size
        self._max_files = max_files
        self._rest: dict[str, bytes] = {}
        self._descriptor = -1
        self._size = 0
        self._open()

    def write(self, stream: str, data: bytes) -> None:
        """Take what the application wrote to `stream` ("stdout" or "stderr"); an unfinished line waits for its end."""
        pieces, self._rest[stream] = split(self._rest.get(stream, b""), data)
        self._append(pieces, stream)

    def finish(self) -> None:
        """Write unfinished lines, as the application has ended."""
        for stream, rest in self._rest.items():
            if rest:
                self._append([rest], stream)
        self._rest.clear()

    def _append(self, pieces: list[bytes], stream: str) -> None:
        stamp = rfc3339(time.time_ns())
        batch: list[bytes] = []
        size = 0
        for piece in pieces:
            line = record(piece, stream, stamp, self._attributes)
            if self._max_size > 0 and batch and self._size + size + len(line) > self._max_size:
                self._flush(batch)
                batch, size = [], 0
            batch.append(line)
            size += len(line)
        if batch:
            self._flush(batch)

    def _flush(self, batch: list[bytes]) -> None:
        data = b"".join(batch)
        if 0 < self._max_size < self._size + len(data) and self._size:
            self._rotate()
        if self._descriptor < 0:
            self._open()
        try:
            written = posix.write(self._descriptor, data)
        except OSError:  # ENOSPC, EDQUOT, EIO, or EBADF where the file could not be opened
            self.dropped += len(batch)
            return
        self._size += written
        if written < len(data):
            self._undo(data, written, len(batch))

    def _undo(self, data: bytes, written: int, records: int) -> None:
        """Keep the whole records of a write that the disk cut short."""
        whole = data.rfind(b"\n", 0, written) + 1
        self.dropped += records - data.count(b"\n", 0, whole)
        self._size -= written - whole
        posix.ftruncate(self._descriptor, self._size)

    def _open(self) -> None:
        try:
            self._descriptor = posix.open(self._path, _FLAGS, 0o640)
            self._size = posix.fstat(self._descriptor).st_size
        except OSError:
            self._descriptor = -1  # tried again at the next write, which counts what is lost
            self._size = 0

    def _rotate(self) -> None:
        if self._descriptor >= 0:
            posix.close(self._descriptor)
            self._descriptor = -1
        if self._max_files > 1:
            self._make_room()
        else:
            _remove(self._path)
        self._open()

    def _make_room(self) -> None:
        """Number the files one higher; the last one goes."""
        for number in range(self._max_files - 1, 0, -1):
            older = self._path if number == 1 else f"{self._path}.{number - 1}"
            newer = f"{self._path}.{number}"
            for suffix, other in (("", ".gz"), (".gz", "")):
                try:
                    posix.rename(f"{older}{suffix}", f"{newer}{suffix}")
                    _remove(f"{newer}{other}")
                except FileNotFoundError:
                    continue
                except OSError:
                    return
        if self._compress:
            from .archive import compress  # for those alone who ask for it

            compress(f"{self._path}.1")

    def close(self) -> None:
        """Close the file; what was written stays."""
        if self._descriptor >= 0:
            posix.close(self._descriptor)
            self._descriptor = -1


def _remove(path: str) -> None:
    try:
        posix.unlink(path)
    except FileNotFoundError:
        return
