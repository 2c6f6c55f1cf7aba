"""The bytes of a layer: read, decompressed and hashed in one pass."""

from __future__ import annotations

import hashlib

from . import compression

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import BinaryIO

_PIECE = 1 << 20


class LayerStream:
    """Call it for the next uncompressed piece (b"" at the end); then `diff_id` and `digest` are known."""

    def __init__(self, file: BinaryIO) -> None:
        """`file` is read from where it stands."""
        self._stored = hashlib.sha256()
        self._plain = hashlib.sha256()
        self._file = file
        self._pieces = compression.pieces(self._read)

    def __call__(self) -> bytes:
        """Return the next piece. Raises CorruptData where the compressed data is damaged."""
        piece = next(self._pieces, b"")
        self._plain.update(piece)
        return piece

    def _read(self) -> bytes:
        data = self._file.read(_PIECE)
        self._stored.update(data)
        return data

    @property
    def diff_id(self) -> str:
        """The digest of the uncompressed bytes so far."""
        return f"sha256:{self._plain.hexdigest()}"

    @property
    def digest(self) -> str:
        """The digest of the bytes as they are stored."""
        return f"sha256:{self._stored.hexdigest()}"
