"""Content digests: `sha256:` and 64 lower-case hex digits, and nothing else.

OCI image spec, descriptor.md#digests and config.md#layer-chainid. Every digest from outside is checked here before it
becomes part of a path or an address (CVE-2024-3727).
"""

from __future__ import annotations

from ..errors import CorruptData

_PREFIX = "sha256:"
_HEX = frozenset("0123456789abcdef")


def of(data: bytes) -> str:
    """Return the digest of some bytes."""
    import hashlib  # takes longer to import than everything else that a start needs from here

    return _PREFIX + hashlib.sha256(data).hexdigest()


def valid(text: object) -> bool:
    """Whether this is a digest as we accept it."""
    if not isinstance(text, str) or len(text) != 71 or not text.startswith(_PREFIX):
        return False
    return _HEX.issuperset(text[7:])


def check(text: object, where: str) -> str:
    """Return `text` when it is a digest. Raises CorruptData that names `where` it stands otherwise."""
    if not valid(text):
        shown = repr(text)[:100]
        raise CorruptData(f"{where}: {shown} is not a digest (sha256: and 64 lower-case hex digits)")
    return str(text)


def chain(parent: str | None, diff_id: str) -> str:
    """Return the chain id of a layer on top of the chain `parent` (None: it is the lowest one)."""
    return diff_id if parent is None else of(f"{parent} {diff_id}".encode())


def chains(diff_ids: list[str]) -> list[str]:
    """Return the chain ids of layers given from the lowest to the top one."""
    result: list[str] = []
    for diff_id in diff_ids:
        result.append(chain(result[-1] if result else None, diff_id))
    return result


def folder_name(chain_id: str) -> str:
    """Return the name of a layer's folder: 80 bits of the chain id, short enough for many in one mount option."""
    import base64

    return base64.b32encode(bytes.fromhex(chain_id[7:])[:10]).decode().lower()
