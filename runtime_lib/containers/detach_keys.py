"""The keys by which a user leaves a terminal while its program goes on: Docker's names and rules. Pure."""

from __future__ import annotations

from ..errors import InvalidSpec

DEFAULT = b"\x10\x11"  # ctrl-p, ctrl-q
_CONTROL = "@abcdefghijklmnopqrstuvwxyz[\\]^_"  # ctrl-@ is byte 0, ctrl-_ is 31


class Detached(Exception):
    """The user has typed the keys: the program goes on without them."""


def parse(text: str | None) -> bytes:
    """Return the keys of a text such as "ctrl-p,ctrl-q" or "a,b"; None is the default, "" no keys at all.

    Raises InvalidSpec.
    """
    if text is None:
        return DEFAULT
    return bytes(_key(name) for name in text.split(",")) if text else b""


def _key(name: str) -> int:
    if len(name) == 1 and name.isascii():
        return ord(name)
    if name == "DEL":
        return 127
    if name[:5] == "ctrl-" and len(name) == 6 and name[5] in _CONTROL:
        return _CONTROL.index(name[5])
    raise InvalidSpec(f"detach keys: {name!r} is no key; give letters or ctrl-LETTER, separated by commas")


class Watch:
    """What is typed, searched for the keys. A beginning of them is held back until it is known what follows."""

    __slots__ = ("_keys", "_seen")

    def __init__(self, keys: bytes) -> None:
        self._keys = keys
        self._seen = 0

    def feed(self, data: bytes) -> tuple[bytes, bool]:
        """Return what is to be passed on, and whether the keys have been typed; what follows them is dropped."""
        if not self._keys:
            return data, False
        passed = bytearray()
        for byte in data:
            if byte == self._keys[self._seen]:
                self._seen += 1
                if self._seen == len(self._keys):
                    return bytes(passed), True
                continue
            passed += self._keys[: self._seen]
            passed.append(byte)
            self._seen = 0
        return bytes(passed), False
