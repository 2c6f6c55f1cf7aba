"""What a host tells the others of itself at a shell: one line of JSON, which comes from another host. Pure."""

from __future__ import annotations

from ..errors import CorruptData, InvalidSpec
from ..jsontext import compact
from ..strictjson import LIMIT, parse_object
from . import peers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from .peers import Peer

LARGEST = 8 * LIMIT  # bytes of all lines: thousands of hosts
_HOST = ("name", "address", "slice", "slice6", "public_key")
_CONTAINER = ("address", "address6", "mac")


def line(name: str, address: str, described: Mapping[str, Any]) -> str:
    """Return the line for a host, by what `overlay.described` says of it. Raises InvalidSpec for a name or address."""
    parts = {key: described[key] for key in ("slice", "slice6", "public_key", "endpoints") if described.get(key)}
    entry = {"name": name, "address": address, "endpoints": [], **parts}
    peers.from_options(name, [entry])
    return compact(entry)


def heard(network: str, data: bytes) -> tuple[Peer, ...]:
    """Return the hosts that lines say; what a newer version adds to them is left out. Raises InvalidSpec."""
    if len(data) > LARGEST:
        raise InvalidSpec(f"network {network}: what the hosts tell is larger than {LARGEST} bytes")
    lines = enumerate(data.splitlines(), 1)
    return peers.from_options(network, [_host(network, number, text) for number, text in lines if text.strip()])


def _host(network: str, number: int, text: bytes) -> dict[str, Any]:
    where = f"network {network}: line {number} of what the hosts tell"
    try:
        entry = parse_object(text, where)
    except CorruptData as error:
        raise InvalidSpec(f"{error}; give what `skiff network peers --tell` prints on each of them") from error
    remotes = entry.get("endpoints")
    if not isinstance(remotes, (list, type(None))):
        raise InvalidSpec(f"{where}: endpoints is not a list")
    told = None if remotes is None else [_container(where, remote) for remote in remotes]
    return {**_texts(where, entry, _HOST), "endpoints": told}


def _container(where: str, remote: Any) -> dict[str, Any]:
    names = remote.get("names") if isinstance(remote, dict) else None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise InvalidSpec(f"{where}: a container has no list of names")
    return {**_texts(where, remote, _CONTAINER), "names": names}


def _texts(where: str, entry: Mapping[str, Any], keys: tuple[str, ...]) -> dict[str, Any]:
    found = {key: entry.get(key, "") for key in keys}
    for key, value in found.items():
        if not isinstance(value, str):
            raise InvalidSpec(f"{where}: {key} is not a text")
    return found
