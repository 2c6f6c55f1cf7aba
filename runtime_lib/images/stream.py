"""The bytes of a layer: read, decompressed and hashed in one pass, beside the thread that unpacks them."""

from __future__ import annotations

import hashlib
import queue
import threading

from . import compression

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    class Readable(Protocol):
        """All that is asked of a layer's file."""

        def read(self, size: int, /) -> bytes:
            """Return at most `size` bytes, b"" at the end."""


_PIECE = 1 << 20
_AHEAD = 8  # pieces that may wait for the reader; with them a layer takes a few MiB of memory, whatever its size


class LayerStream:
    """A context manager: `read()` gives the uncompressed pieces; after the last one `diff_id` and `digest` are known.

    hashlib and the decompressors let go of the interpreter's lock, so a second processor does their work.
    """

    def __init__(self, file: Readable, hash_stored: bool = False) -> None:
        """`file` is read from where it stands; `digest` is only known with `hash_stored`."""
        self._stored = hashlib.sha256() if hash_stored else None
        self._plain = hashlib.sha256()
        self._file = file
        self._waiting: queue.Queue[bytes | BaseException] = queue.Queue(_AHEAD)
        self._ended = False
        self._thread = threading.Thread(target=self._produce, daemon=True)

    def __enter__(self) -> LayerStream:
        self._thread.start()
        return self

    def __exit__(self, *_unused: object) -> None:
        self._ended = True
        abandon = getattr(self._file, "abandon", None)  # one that waits for the network has it
        if abandon and self._thread.is_alive():
            abandon()
        while self._thread.is_alive():
            try:
                self._waiting.get(timeout=0.05)  # the thread may be waiting for room
            except queue.Empty:
                continue
        self._thread.join()

    def read(self) -> bytes:
        """Return the next piece, b"" at the end. Raises CorruptData where the compressed data is damaged."""
        if self._ended:
            return b""
        piece = self._waiting.get()
        if isinstance(piece, BaseException):
            raise piece
        self._ended = not piece
        return piece

    def _produce(self) -> None:
        try:
            with compression.opened(self._read_stored) as pieces:
                for piece in pieces:
                    if self._ended:
                        return
                    self._plain.update(piece)
                    self._waiting.put(piece)
            self._waiting.put(b"")
        except BaseException as error:  # goes to the reader, which raises it
            self._waiting.put(error)

    def _read_stored(self) -> bytes:
        data = self._file.read(_PIECE)
        if self._stored:
            self._stored.update(data)
        return data

    @property
    def diff_id(self) -> str:
        """The digest of the uncompressed bytes."""
        return f"sha256:{self._plain.hexdigest()}"

    @property
    def digest(self) -> str:
        """The digest of the bytes as they are stored."""
        return f"sha256:{self._stored.hexdigest()}" if self._stored else ""
