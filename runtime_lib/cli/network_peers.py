"""`skiff network peers`: the other hosts of an overlay network, for who tells them by hand."""

from __future__ import annotations

import sys

from ..errors import InvalidSpec
from . import opened, output
from .options import FLAG, LIST, TEXT, Option, Usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from ..networks.model import Network
    from ..networks.peers import Peer
    from ..store import Store

_FORM = "NAME=ADDRESS/SLICE[,slice6=SUBNET][,key=KEY]"
PEER = Option("peer", "", LIST, f"Another host of an overlay network, as {_FORM}")
_PEERS = Usage(
    "network peers",
    "[OPTIONS] NETWORK",
    "List or change the other hosts of an overlay network, while its containers stay connected",
    (
        Option("add", "", LIST, f"Add or change a host, as {_FORM}"),
        Option("format", "", TEXT, "json, table, or a Go template such as {{.Name}}"),
        Option(
            "from", "", TEXT, "Add or change the hosts whose lines of --tell are in this file (- for standard input)"
        ),
        Option("key", "", FLAG, "Print the key that the other hosts need of this one, when the network is encrypted"),
        Option("rm", "", LIST, "Take a host away by its name"),
        Option("tell", "", TEXT, "Print a line that tells the others of this host and its containers, as NAME=ADDRESS"),
    ),
    1,
    1,
)
_COLUMNS = (("NAME", "Name"), ("ADDRESS", "Address"), ("SLICE", "Slice"), ("SLICE6", "Slice6"), ("KEY", "PublicKey"))


def parsed(network: str, texts: Sequence[str]) -> tuple[Peer, ...]:
    """Return the hosts that options name. Raises InvalidSpec."""
    from ..networks import peers

    return peers.from_options(network, [_entry(text) for text in texts])


def peers(words: list[str]) -> int:
    """Change the hosts as the options say, or list them."""
    from ..desired.plan import PATIENCE
    from ..networks import overlay, peering

    given = _PEERS.parse(words)
    store = opened.store()
    network = peering.find(store, given.arguments[0])
    source = given.values["from"]
    if given.add or given.rm or source:
        others = (*parsed(network.name, given.add), *(_heard(network, source) if source else ()))
        with store.lock("task", f"network-{network.name}", PATIENCE):  # as tasks do
            present = peering.find(store, network.id).spec.peers
            after = changed(present, others, given.rm)
            if after != present:
                peering.change(store, network.id, after)
    elif given.tell:
        output.write_lines([_told(store, network, given.tell)])
    elif given.key:
        output.write_lines([overlay.described(network, [])["public_key"]])
    else:
        output.rows([_described(peer) for peer in network.spec.peers], _COLUMNS, given.format)
    return 0


def _heard(network: Network, path: str) -> list[Peer]:
    """Return the hosts of a file without this one: so the same file does for all. Raises InvalidSpec and OSError."""
    from ..networks import overlay, told

    if path == "-":
        data = sys.stdin.buffer.read(told.LARGEST + 1)
    else:
        with open(path, "rb") as file:
            data = file.read(told.LARGEST + 1)
    own = overlay.slice_of(network.spec)
    return [peer for peer in told.heard(network.name, data) if peer.slice != own]


def _told(store: Store, network: Network, text: str) -> str:
    from ..networks import overlay, told
    from ..networks.model import endpoints

    name, sign, address = text.partition("=")
    if not sign:
        raise InvalidSpec(f"--tell {text!r}: write it as NAME=ADDRESS, by which the other hosts reach this one")
    return told.line(name, address, overlay.described(network, endpoints(store, network_id=network.id)))


def changed(present: Sequence[Peer], added: Sequence[Peer], gone: Sequence[str]) -> tuple[Peer, ...]:
    """Return the hosts by name, with what is known of them already. Raises InvalidSpec for one that is not there."""
    from ..networks.peers import merged

    there = {peer.name: peer for peer in present}
    for name in gone:
        if there.pop(name, None) is None:
            raise InvalidSpec(f"there is no peer {name}; the peers are {', '.join(sorted(there)) or 'none'}")
    there.update({peer.name: peer for peer in added})
    return merged([there[name] for name in sorted(there)], present)


def _entry(text: str) -> dict[str, Any]:
    name, equals, rest = text.partition("=")
    place, *more = rest.split(",")
    address, slash, part = place.partition("/")
    entry = {"name": name, "address": address, "slice": part}
    for word in more:
        key, sign, value = word.partition("=")
        if key not in ("slice6", "key") or not sign:
            raise InvalidSpec(f"peer {text!r}: {word!r} is neither slice6=SUBNET nor key=KEY")
        entry["public_key" if key == "key" else key] = value
    if not equals or not name or not slash:
        raise InvalidSpec(f"peer {text!r}: write it as {_FORM}, such as node2=192.0.2.12/10.20.2.0/24")
    return entry


def _described(peer: Peer) -> dict[str, Any]:
    return {
        "Name": peer.name,
        "Address": peer.address,
        "Slice": peer.slice,
        "Slice6": peer.slice6,
        "PublicKey": peer.public_key,
    }
