"""The host's side of an overlay network: observe what the kernel has, plan what differs from the peers, apply it."""

from __future__ import annotations

import base64
import errno
import os
from contextlib import suppress

from ..errors import InvalidSpec
from ..linux.netlink import bridges, vxlan, wireguard
from ..store import write_file
from . import fdb, options

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..store import Store
    from .fdb import Change
    from .model import Endpoint, Network
    from .spec import NetworkSpec

# Driver options.
VNI = "vni"
PORT = "port"
ADDRESS = "address"
ENCRYPTED = "encrypted"
WIREGUARD_PORT = "wireguard_port"
CONTROL = "control"

_PORT = "4789"  # RFC 7348
_WIREGUARD_PORT = "51820"
# Bytes that a frame gets around it: Ethernet 14, VXLAN 8, UDP 8, IP 20 or 40.
_OVERHEAD = {4: 50, 6: 70}
_WIREGUARD_OVERHEAD = 80  # IPv6 40, UDP 8, WireGuard 32; 20 less between hosts with IPv4 addresses


def encryption(key: str, text: str) -> bool:
    """Return what the option `encrypted` means; Docker knows it without a value. Raises InvalidSpec."""
    return not text or options.boolean(key, text)


def encrypted(spec: NetworkSpec) -> bool:
    """Whether what goes from host to host is encrypted."""
    return ENCRYPTED in spec.driver_options and encryption(ENCRYPTED, spec.driver_options[ENCRYPTED])


def by_evpn(spec: NetworkSpec) -> bool:
    """Whether a routing daemon makes the entries to other hosts (RFC 8365), instead of Skiff from the peers."""
    return spec.driver_options.get(CONTROL) == "evpn"


def vni(spec: NetworkSpec) -> int:
    """Return the number of a network that was made."""
    return int(spec.driver_options[VNI])


def port(spec: NetworkSpec) -> int:
    """Return the UDP port of VXLAN."""
    return int(spec.driver_options.get(PORT, _PORT))


def wireguard_port(spec: NetworkSpec) -> int:
    """Return the UDP port of WireGuard."""
    return int(spec.driver_options.get(WIREGUARD_PORT, _WIREGUARD_PORT))


def overhead(spec: NetworkSpec) -> int:
    """Return by how many bytes a packet grows on its way to another host."""
    if encrypted(spec):
        return _WIREGUARD_OVERHEAD + _OVERHEAD[6]
    return _OVERHEAD[6 if ":" in spec.driver_options.get(ADDRESS, "") else 4]


def interface(network: Network) -> str:
    """Return the name of the VXLAN interface."""
    return f"sx{network.id[:10]}"


def tunnel(network: Network) -> str:
    """Return the name of the WireGuard interface."""
    return f"sw{network.id[:10]}"


def slice_of(spec: NetworkSpec, version: int = 0) -> str:
    """Return the part of the subnet of an IP version from which this host gives out addresses.

    Without a version it is IPv4, or IPv6 where the network has no IPv4.
    """
    return str(spec.of_version(version or spec.versions[0])[0].range())


def create(store: Store, network: Network) -> None:
    """Make the interfaces that are missing, without peers. Raises OSError and HostLacks."""
    spec, local, link = network.spec, network.spec.driver_options.get(ADDRESS, ""), ""
    if encrypted(spec):
        local, link = fdb.tunnel_address(slice_of(spec)), tunnel(network)
        mtu = spec.mtu + _OVERHEAD[6]
        try:
            wireguard.create(link, _private_key(store, network), wireguard_port(spec), local, mtu)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            raise InvalidSpec(
                f"network {network.name}: UDP port {wireguard_port(spec)} is in use; choose another {WIREGUARD_PORT}"
            ) from error
    learning = not by_evpn(spec)
    vxlan.create(interface(network), network.bridge, vni(spec), port(spec), spec.mtu, local, link, learning)


def remove(store: Store, network: Network) -> None:
    """Delete the interfaces and the key; what is missing is no error."""
    bridges.delete_link(interface(network))
    if encrypted(network.spec):
        bridges.delete_link(tunnel(network))
        with suppress(FileNotFoundError):
            os.unlink(store.layout.network_key(network.id))


def plan(network: Network) -> Change:
    """Return what leads from the entries that the kernel has to those that the network's peers need.

    Raises OSError when the interfaces do not exist.
    """
    spec = network.spec
    present = frozenset(fdb.Entry(*entry) for entry in vxlan.entries(interface(network), network.bridge))
    if by_evpn(spec):
        return fdb.Change()
    wanted = fdb.entries(spec.peers, encrypted(spec))
    if not encrypted(spec):
        return fdb.difference(wanted, present)
    tunnels = frozenset(fdb.Tunnel(*peer) for peer in wireguard.peers(tunnel(network)))
    return fdb.difference(wanted, present, fdb.tunnels(spec.peers, wireguard_port(spec)), tunnels)


def sound(network: Network) -> bool:
    """Whether the interfaces are there, with the entries that the network's peers need and no others."""
    try:
        return not plan(network)
    except OSError as error:
        if error.errno == errno.ENODEV:
            return False
        raise


def apply(network: Network, change: Change) -> None:
    """Bring a change to the kernel. Nothing else of the interfaces is touched. Raises OSError."""
    opened = [(one.public_key, one.address, one.port, one.inside) for one in (*change.opened, *change.moved)]
    if change.closed or opened:
        wireguard.change(tunnel(network), [one.public_key for one in change.closed], opened)
    gone, new = ([(entry.kind, entry.mac, entry.address) for entry in entries] for entries in (change.gone, change.new))
    if gone or new:
        link = tunnel(network) if encrypted(network.spec) else ""
        vxlan.change(interface(network), network.bridge, gone, new, link)


def described(network: Network, endpoints: list[Endpoint]) -> dict[str, Any]:
    """Return what the other hosts need to know of this one; the public key is "" where there is none (yet)."""
    spec = network.spec
    further = {"slice6": slice_of(spec, 6)} if len(spec.versions) > 1 else {}
    return {
        **further,
        "vni": vni(spec),
        "port": port(spec),
        "mtu": spec.mtu,
        "slice": slice_of(spec),
        "public_key": _public_key(network),
        "endpoints": [_endpoint(endpoint) for endpoint in sorted(endpoints, key=lambda one: one.address.packed)],
    }


def _endpoint(endpoint: Endpoint) -> dict[str, Any]:
    further = {"address6": str(endpoint.ipv6)} if endpoint.ipv4 and endpoint.ipv6 else {}
    return {"names": list(endpoint.names), "address": str(endpoint.address), "mac": endpoint.mac, **further}


def _public_key(network: Network) -> str:
    if not encrypted(network.spec):
        return ""
    try:
        return wireguard.public_key(tunnel(network))
    except OSError as error:
        if error.errno == errno.ENODEV:
            return ""  # since a boot, or in check mode
        raise


def _private_key(store: Store, network: Network) -> str:
    """Return the key in base64, made at the first call."""
    path = store.layout.network_key(network.id)
    try:
        with open(path, encoding="ascii") as file:
            return file.read()
    except FileNotFoundError:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        key = base64.b64encode(os.urandom(wireguard.KEY_SIZE))
        write_file(path, key, durable=True)
        return key.decode("ascii")
