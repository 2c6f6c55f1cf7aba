"""Blobs on their way from a registry: several at once, each into a partial file, read while they come.

What has come of a blob is there for the next try, whatever ended this one. A reader gets to its end only when the
digest of the whole was right; a file of which that was not true is removed.
"""

from __future__ import annotations

import errno
import hashlib
import os
import threading
import time
from contextlib import contextmanager, suppress

from ..errors import Busy, CorruptData
from ..records import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from typing import Any

    from ..store import Store
    from .origins import Blob
    from .stream import Readable

    Source = Callable[
        [Blob, int, Any], AbstractContextManager[Readable]
    ]  # of a blob: from an offset on; hash until there

AT_ONCE = 3  # blobs; Docker's max-concurrent-downloads
KEPT = 86400.0  # seconds that a partial file, and a finished layer of a pull that failed, wait for the next try
_PREFIX = "partial-"
_PIECE = 1 << 18
_PATIENCE = 3600.0  # seconds: another process may be getting the same gigabytes
_PARTING = 2.0  # seconds for a thread that may be waiting for the network


@dataclass(frozen=True)
class Seen:
    """What a blob has come to: `size` bytes of `total`."""

    digest: str
    size: int
    total: int


class Fetch:
    """One blob: `read` gives its bytes in their order, and waits for them."""

    def __init__(self, store: Store, blob: Blob, source: Source, tell: Callable[[Seen], None]) -> None:
        """`tell` is called by another thread."""
        self.blob = blob
        self.resumed = False
        self._store = store
        self._source = source
        self._tell = tell
        self._path = _partial(store, blob)
        self._descriptor = -1
        self._available = self._position = 0
        self._ended = self._abandoned = False
        self._failure: BaseException | None = None
        self._changed = threading.Condition()

    def run(self) -> None:
        """Get the blob; whatever fails goes to the reader."""
        try:
            if not self._abandoned:
                with self._store.lock("blob", self.blob.digest[7:], _PATIENCE):
                    self._get()
        except BaseException as error:  # goes to the reader, which raises it
            self._failure = error
            if isinstance(error, CorruptData) or getattr(error, "errno", 0) in (errno.ENOSPC, errno.EDQUOT):
                self.forget()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def _get(self) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        self._descriptor = os.open(self._path, flags, 0o600)
        have, total = self._beginning()
        self.resumed = have > 0
        self._arrived(have)
        if not have or have < self.blob.size:
            with self._source(self.blob, have, total) as source:
                self._write(source, have)

    def _beginning(self) -> tuple[int, Any]:
        """Return how much there is from an earlier try, and its hash. What is there as a whole is verified here."""
        total, have = hashlib.sha256(), 0
        while have <= self.blob.size:
            data = os.pread(self._descriptor, _PIECE, have)
            if not data:
                break
            total.update(data)
            have += len(data)
        if have >= self.blob.size and f"sha256:{total.hexdigest()}" != self.blob.digest:
            os.ftruncate(self._descriptor, 0)
            return 0, hashlib.sha256()
        return have, total

    def _write(self, source: Readable, offset: int) -> None:
        while not self._abandoned:
            piece = source.read(_PIECE)
            if not piece:
                break
            rest = memoryview(piece)
            while rest:
                written = self._pwrite(rest, offset)
                rest, offset = rest[written:], offset + written
            self._arrived(offset)

    def _pwrite(self, data: memoryview, offset: int) -> int:
        try:
            return os.pwrite(self._descriptor, data, offset)
        except OSError as error:
            raise OSError(error.errno, error.strerror, self._path) from error

    def _arrived(self, size: int) -> None:
        with self._changed:
            self._available = size
            self._changed.notify_all()
        self._tell(Seen(self.blob.digest, size, self.blob.size))

    def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes, b"" at the end. Raises what getting them has failed with."""
        with self._changed:
            while self._position >= self._available and not self._ended and not self._abandoned:
                self._changed.wait()
        if self._position < self._available and not self._abandoned:
            data = os.pread(self._descriptor, min(size, self._available - self._position), self._position)
            self._position += len(data)
            return data
        if self._failure:
            raise self._failure
        return b""

    def abandon(self) -> None:
        """Let readers and the thread end; what has come stays for the next try."""
        with self._changed:
            self._abandoned = True
            self._changed.notify_all()

    def forget(self) -> None:
        """Remove the partial file: its content is stored, or is wrong."""
        forget(self._store, self.blob)

    def close(self) -> None:
        """Let go of the file; nobody writes to it any more."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


@contextmanager
def running(fetches: Sequence[Fetch]) -> Iterator[None]:
    """Get blobs while a block reads them, the first ones first."""
    waiting = iter(list(fetches))
    turn = threading.Lock()

    def work() -> None:
        while True:
            with turn:
                fetch = next(waiting, None)
            if fetch is None:
                return
            fetch.run()

    threads = [threading.Thread(target=work, daemon=True) for _unused in range(min(AT_ONCE, len(fetches)))]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for fetch in fetches:
            fetch.abandon()
        deadline = time.monotonic() + _PARTING
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        if not any(thread.is_alive() for thread in threads):
            for fetch in fetches:
                fetch.close()


@dataclass(frozen=True)
class Partial:
    """What there is of a blob: the hex digits of its digest, bytes, nanoseconds when the last ones came."""

    name: str
    size: int
    used: int


def partials(store: Store) -> list[Partial]:
    """Return what waits for the next pull, or is just coming."""
    found = []
    folder = store.layout.temporary
    for name in sorted(os.listdir(folder)):
        if name.startswith(_PREFIX):
            with suppress(FileNotFoundError):
                status = os.stat(f"{folder}/{name}")
                found.append(Partial(name[len(_PREFIX) :], status.st_size, status.st_mtime_ns))
    return found


def discard(store: Store, name: str) -> None:
    """Remove what there is of a blob. Raises Busy when it is just coming."""
    with store.lock("blob", name, 0), suppress(FileNotFoundError):
        os.unlink(f"{store.layout.temporary}/{_PREFIX}{name}")


def forget(store: Store, blob: Blob) -> None:
    """Remove what there is of a blob that nobody needs any more, or that is wrong."""
    with suppress(FileNotFoundError):
        os.unlink(_partial(store, blob))


def _partial(store: Store, blob: Blob) -> str:
    return f"{store.layout.temporary}/{_PREFIX}{blob.digest[7:]}"


def collect(store: Store, age: float = KEPT) -> None:
    """Remove partial files that nobody has written to for `age` seconds."""
    for partial in partials(store):
        if time.time_ns() - partial.used >= age * 1e9:
            with suppress(Busy):
                discard(store, partial.name)
