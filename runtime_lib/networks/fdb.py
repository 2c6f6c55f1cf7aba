"""Which forwarding and neighbour entries an overlay network needs, and what has to change for them. Pure."""

from __future__ import annotations

import hashlib
import ipaddress

from ..records import dataclass
from . import ipam

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from .peers import Peer

EVERYBODY = "00:00:00:00:00:00"  # where the kernel sends copies of what it has no entry for
_LINK_LOCAL = 0xFE80 << 112

# Kinds of entries.
REMOTE = "remote"  # of the VXLAN interface: hardware address -> host
PORT = "port"  # of the bridge: hardware address -> VXLAN interface
NEIGHBOUR = "neighbour"  # of the bridge: hardware address <- IP address


@dataclass(frozen=True)
class Entry:
    """One entry of the kernel; `address` is a host, an IP address of a container, or ""."""

    kind: str
    mac: str
    address: str = ""


@dataclass(frozen=True)
class Tunnel:
    """A peer of a WireGuard interface: its key, where it is, and the one address that it may send from."""

    public_key: str
    address: str
    port: int
    inside: str


def tunnel_address(part: str) -> str:
    """Return the address in the encrypted network of the host that owns a slice: link-local, from its first address.

    Where the slice is of IPv6, it is made of a hash, for the first addresses of two slices may end alike.
    Both ends know it without telling each other, and a VXLAN interface with such addresses takes no packet that
    came in by another interface than its own WireGuard one.
    """
    first = ipaddress.ip_network(part, strict=False).network_address
    own = int(first) if first.version == 4 else int.from_bytes(hashlib.sha256(first.packed).digest()[:8], "big")
    return str(ipaddress.IPv6Address(_LINK_LOCAL | own))


def tunnels(peers: Iterable[Peer], port: int) -> frozenset[Tunnel]:
    """Return the peers whose key is known, for WireGuard."""
    return frozenset(
        Tunnel(peer.public_key, peer.address, port, tunnel_address(peer.slice)) for peer in peers if peer.public_key
    )


def entries(peers: Iterable[Peer], encrypted: bool) -> frozenset[Entry]:
    """Return all entries: one per peer for what is sent to everybody, three per container that is known,
    and one more where it has an IPv6 address.

    Containers with a hardware address of their own choice have none: they may have another one tomorrow, and the kernel
    finds them by asking. All others have the one that belongs to their address, wherever they were started.
    """
    found = set()
    for peer in peers:
        if encrypted and not peer.public_key:
            continue
        host = tunnel_address(peer.slice) if encrypted else peer.address
        found.add(Entry(REMOTE, EVERYBODY, host))
        for remote in peer.endpoints or ():
            if remote.mac == ipam.mac_of(ipaddress.ip_address(remote.address)).hex(":"):
                found |= {Entry(REMOTE, remote.mac, host), Entry(PORT, remote.mac)}
                found |= {Entry(NEIGHBOUR, remote.mac, one) for one in (remote.address, remote.address6) if one}
    return frozenset(found)


@dataclass(frozen=True)
class Change:
    """What to take away and then what to add; both in an order that does not depend on chance.

    `moved` are peers of WireGuard that sent from another address than the one by which they are named, which WireGuard
    follows (a translation on the way, a host with several addresses): no damage, and no reason for a change by itself.
    """

    gone: tuple[Entry, ...] = ()
    new: tuple[Entry, ...] = ()
    closed: tuple[Tunnel, ...] = ()
    opened: tuple[Tunnel, ...] = ()
    moved: tuple[Tunnel, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.gone or self.new or self.closed or self.opened)


def difference(
    wanted: frozenset[Entry],
    present: frozenset[Entry],
    wanted_tunnels: frozenset[Tunnel] = frozenset(),
    present_tunnels: frozenset[Tunnel] = frozenset(),
) -> Change:
    """Return what leads from the present entries to the wanted ones, and touches no other."""
    staying = {tunnel.public_key for tunnel in wanted_tunnels}
    there = {(tunnel.public_key, tunnel.inside) for tunnel in present_tunnels if tunnel.address}
    missing = wanted_tunnels - present_tunnels
    opened = [tunnel for tunnel in missing if (tunnel.public_key, tunnel.inside) not in there]
    closed = [tunnel for tunnel in present_tunnels if tunnel.public_key not in staying]
    return Change(
        tuple(sorted(present - wanted, key=_order)),
        tuple(sorted(wanted - present, key=_order)),
        _by_key(closed),
        _by_key(opened),
        _by_key(missing.difference(opened)),
    )


def _by_key(tunnels: Iterable[Tunnel]) -> tuple[Tunnel, ...]:
    return tuple(sorted(tunnels, key=lambda tunnel: tunnel.public_key))


def _order(entry: Entry) -> tuple[str, str, str]:
    return entry.kind, entry.mac, entry.address
