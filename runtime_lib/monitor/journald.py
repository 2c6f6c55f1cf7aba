"""Messages of the journal's native protocol (systemd, docs/JOURNAL_NATIVE_PROTOCOL.md), with Docker's fields."""

from __future__ import annotations

from .encoding import LINE_LIMIT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


class Journal:
    """`fields` are those that every message has."""

    __slots__ = ("_fields",)

    def __init__(self, fields: Mapping[str, str]) -> None:
        texts = [_field(key, value.encode("utf-8", "surrogateescape")) for key, value in fields.items()]
        self._fields = b"".join(texts)

    def encode(self, stream: str, piece: bytes) -> bytes:
        """Return the message of a line, or of a piece of one."""
        unfinished = len(piece) >= LINE_LIMIT and piece[-1:] != b"\n"
        partial = _field("CONTAINER_PARTIAL_MESSAGE", b"true") if unfinished else b""
        priority = _field("PRIORITY", b"3" if stream == "stderr" else b"6")
        return self._fields + priority + partial + _field("MESSAGE", piece.rstrip(b"\n"))


def _field(key: str, value: bytes) -> bytes:
    if b"\n" in value:
        return key.encode() + b"\n" + len(value).to_bytes(8, "little") + value + b"\n"
    return key.encode() + b"=" + value + b"\n"
