"""Values between an engine process and a helper that must start fast: bencode (BEP 3), of which `json` is no part.

Importing `json` takes longer than everything else that a helper does. Strings, integers, lists and dictionaries with
string keys; true and false become 1 and 0, and what is None is left out of dictionaries.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def pack(value: Any) -> bytes:
    """Return the encoding of a value. Raises TypeError for one that has none."""
    if isinstance(value, bytes):
        return b"%d:%b" % (len(value), value)
    if isinstance(value, str):
        return pack(value.encode("utf-8", "surrogateescape"))
    if isinstance(value, int):
        return b"i%de" % value
    if isinstance(value, dict):
        return b"d%be" % b"".join(pack(key) + pack(item) for key, item in value.items() if item is not None)
    if isinstance(value, (list, tuple)):
        return b"l%be" % b"".join(map(pack, value))
    raise TypeError(f"{type(value).__name__} cannot be sent")


def unpack(data: bytes) -> Any:
    """Return what `pack` encoded; strings and bytes both come back as bytes, keys as str. Raises ValueError."""
    value, end = _item(data, 0)
    if end != len(data):
        raise ValueError("there is more than one value")
    return value


def text(value: Any) -> Any:
    """Return a value of `unpack` with all bytes decoded."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    if isinstance(value, list):
        return [text(item) for item in value]
    if isinstance(value, dict):
        return {key: text(item) for key, item in value.items()}
    return value


def _item(data: bytes, start: int) -> tuple[Any, int]:
    kind = data[start : start + 1]
    if kind == b"i":
        end = data.index(b"e", start)
        return int(data[start + 1 : end]), end + 1
    if kind in (b"l", b"d"):
        return _items(data, start + 1, kind == b"d")
    colon = data.index(b":", start)
    end = colon + 1 + int(data[start:colon])
    if end > len(data):
        raise ValueError("a string is cut short")
    return data[colon + 1 : end], end


def _items(data: bytes, start: int, keyed: bool) -> tuple[Any, int]:
    values = []
    while data[start : start + 1] != b"e":
        value, start = _item(data, start)
        values.append(value)
    if keyed:
        return dict(zip(map(bytes.decode, values[::2]), values[1::2])), start + 1
    return values, start + 1
