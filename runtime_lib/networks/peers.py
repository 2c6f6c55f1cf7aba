"""The other hosts of an overlay network, and what runs there, as a task names them. Pure."""

from __future__ import annotations

import binascii
import ipaddress

from ..errors import InvalidSpec
from ..patterns import Pattern
from ..records import asdict, dataclass, known, replace
from .names import check_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any, Union

    IPNetwork = Union[ipaddress.IPv4Network, ipaddress.IPv6Network]

_MAC = Pattern(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}\Z")
_KINDS = {
    "slice": "a subnet, such as 10.20.2.0/24",
    "slice6": "an IPv6 subnet, such as fd00:20:0:0:2::/80",
    "address6": "an IPv6 address",
}
_KEY_SIZE = 32  # bytes of a Curve25519 key


@dataclass(frozen=True)
class Remote:
    """A container on another host: its names on the network, its addresses and its hardware address.

    `address6` is "" on a network that has not both IPv4 and IPv6.
    """

    names: tuple[str, ...]
    address: str
    mac: str
    address6: str = ""


@dataclass(frozen=True)
class Peer:
    """Another host: its address in the network between the hosts, and the parts of the subnets that are its own.

    `slice6` is of the IPv6 subnet where there is one of IPv4 too, "" otherwise.
    `public_key` is that of its WireGuard interface. `endpoints` None and a key "" mean that nobody has said.
    """

    name: str
    address: str
    slice: str
    public_key: str = ""
    endpoints: tuple[Remote, ...] | None = None
    slice6: str = ""


def from_options(network: str, entries: Iterable[dict[str, Any]]) -> tuple[Peer, ...]:
    """Return the peers of a task's option, by name, with all addresses in their usual form. Raises InvalidSpec."""
    return tuple(sorted((_peer(network, entry) for entry in entries), key=lambda peer: peer.name))


def from_json(values: Iterable[dict[str, Any]]) -> tuple[Peer, ...]:
    """Return what `asdict` made of peers; what a newer version has added is left out."""
    found = []
    for value in values:
        peer = known(Peer, value)
        if peer.get("endpoints") is not None:
            remotes = [known(Remote, one) for one in peer["endpoints"]]
            peer["endpoints"] = tuple(Remote(**{**one, "names": tuple(one["names"])}) for one in remotes)
        found.append(Peer(**peer))
    return tuple(found)


def merged(wanted: Sequence[Peer], present: Sequence[Peer]) -> tuple[Peer, ...]:
    """Return the wanted peers, with the key and the endpoints that are known already where nobody has said any."""
    there = {_identity(peer): peer for peer in present}
    return tuple(_completed(peer, there.get(_identity(peer))) for peer in wanted)


def _identity(peer: Peer) -> tuple[str, ...]:
    return peer.name, peer.address, peer.slice, peer.slice6


def _completed(peer: Peer, old: Peer | None) -> Peer:
    if old is None:
        return peer
    endpoints = old.endpoints if peer.endpoints is None else peer.endpoints
    return replace(peer, public_key=peer.public_key or old.public_key, endpoints=endpoints)


def shown(peers: Iterable[Peer]) -> dict[str, Any]:
    """Return the peers by name, for a diff."""
    return {peer.name: {key: value for key, value in asdict(peer).items() if key != "name"} for peer in peers}


def check(network: str, subnets: Mapping[int, tuple[IPNetwork, IPNetwork]], peers: Sequence[Peer]) -> None:
    """Raise InvalidSpec unless each peer has a name, an address and slices of its own.

    `subnets` are the subnet and this host's slice by IP version.
    """
    for key in ("name", "address", "public_key"):
        values = [getattr(peer, key) for peer in peers if getattr(peer, key)]
        for value in values:
            if values.count(value) > 1:
                raise InvalidSpec(f"network {network}: two peers have the {key} {value}; each host has one of its own")
    if len({ipaddress.ip_address(peer.address).version for peer in peers}) > 1:
        raise InvalidSpec(f"network {network}: peers have IPv4 and IPv6 addresses; give all of them the same kind")
    for version, (subnet, own) in subnets.items():
        first = version == min(subnets)
        parts = [(peer, part) for peer in peers if (part := peer.slice if first else peer.slice6)]
        _check_slices(network, subnet, own, parts)
    for peer in peers:
        if peer.slice6 and len(subnets) == 1:
            words = "has no IPv6: leave" if 4 in subnets else "has no IPv4: give as slice what is slice6 now, and leave"
            raise InvalidSpec(f"network {network} {words} the slice6 {peer.slice6} of peer {peer.name} out")
        for remote in peer.endpoints or ():
            _check_remote(network, peer, remote)


def _check_slices(network: str, subnet: IPNetwork, own: IPNetwork, parts: Sequence[tuple[Peer, str]]) -> None:
    taken = [("this host", own)]
    for peer, text in parts:
        part = ipaddress.ip_network(text)
        if part.version != subnet.version or not part.subnet_of(subnet):  # type: ignore[arg-type]
            raise InvalidSpec(f"network {network}: the slice {part} of peer {peer.name} is not inside {subnet}")
        for name, other in taken:
            if part.overlaps(other):
                raise InvalidSpec(
                    f"network {network}: the slice {part} of peer {peer.name} overlaps with {other} of {name};"
                    " give each host a slice of its own"
                )
        taken.append((f"peer {peer.name}", part))


def _peer(network: str, entry: dict[str, Any]) -> Peer:
    address = _parsed(network, entry, "address", ipaddress.ip_address)
    name = check_name(entry.get("name") or address, f"network {network}: name of a peer")
    remotes = entry.get("endpoints")
    return Peer(
        name,
        address,
        _parsed(network, entry, "slice", ipaddress.ip_network),
        _key(network, name, entry.get("public_key") or ""),
        None if remotes is None else tuple(sorted((_remote(network, one) for one in remotes), key=_place)),
        _parsed(network, entry, "slice6", ipaddress.IPv6Network) if entry.get("slice6") else "",
    )


def _remote(network: str, entry: dict[str, Any]) -> Remote:
    names = entry.get("names") or ()
    address = _parsed(network, entry, "address", ipaddress.ip_address)
    address6 = _parsed(network, entry, "address6", ipaddress.IPv6Address) if entry.get("address6") else ""
    return Remote(tuple(dict.fromkeys(names)), address, (entry.get("mac") or "").lower(), address6)


def _place(remote: Remote) -> tuple[bytes, tuple[str, ...]]:
    return ipaddress.ip_address(remote.address).packed, remote.names


def _parsed(network: str, entry: dict[str, Any], key: str, parse: Any) -> str:
    text = entry.get(key) or ""
    try:
        return str(parse(text))
    except ValueError as error:
        what = _KINDS.get(key, "an IP address")
        raise InvalidSpec(f"network {network}: peers: {key} {text!r} is not {what}") from error


def _key(network: str, name: str, text: str) -> str:
    try:
        if not text or len(binascii.a2b_base64(text.encode("ascii"))) == _KEY_SIZE:
            return text
    except ValueError:
        pass
    raise InvalidSpec(f"network {network}: the public_key of peer {name} is not a WireGuard key (32 bytes in base64)")


def _check_remote(network: str, peer: Peer, remote: Remote) -> None:
    where = f"network {network}: peer {peer.name}"
    for address, part in ((remote.address, peer.slice), (remote.address6, peer.slice6)):
        if address and (not part or ipaddress.ip_address(address) not in ipaddress.ip_network(part)):
            raise InvalidSpec(f"{where}: the endpoint {address} is not inside its slice {part or 'of IPv6'}")
    if not _MAC.match(remote.mac) or int(remote.mac[:2], 16) & 1:
        raise InvalidSpec(f"{where}: {remote.mac!r} is not the MAC address of one interface")
    for name in remote.names:
        check_name(name, f"{where}: endpoint")
