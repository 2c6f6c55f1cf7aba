"""Networks over several hosts: a bridge on each, and VXLAN between them, by the peers that a task names."""

from __future__ import annotations

import hashlib
import ipaddress

from ...errors import AddressTaken, InvalidSpec, NameTaken
from ...linux.netlink import bridges, vxlan
from ...linux.netlink.link import Rtnetlink
from ...records import replace
from .. import forwarding, options, overlay, overlay_rules, peers
from ..model import all_networks
from . import bridge, plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from ...store import Store
    from ..model import Network
    from ..spec import NetworkSpec, SubnetSpec

GATEWAY_ON_HOST = True
HOST_END = True
SHARES_MAC = plain.SHARES_MAC
HAS_PEERS = True

_LARGEST_VNI = 2**24 - 1
_FIRST_VNI = 4096  # as Docker; smaller ones are for networks that people number themselves
_THIS_HOST = "network {}: peer {} is this host ({}): name the others only"
_EXAMPLES = {4: "10.20.0.0/16 and 10.20.1.0/24", 6: "fd00:20::/64 and fd00:20:0:0:1::/80"}
_LARGEST_FRAME = 1500  # bytes; the MTU between hosts where no peer says another one

_OPTIONS: Mapping[str, options.Check] = {
    overlay.VNI: options.number(1, _LARGEST_VNI),
    overlay.PORT: options.number(1, 65535),
    overlay.ADDRESS: options.address,
    overlay.ENCRYPTED: overlay.encryption,
    overlay.WIREGUARD_PORT: options.number(1, 65535),
    overlay.CONTROL: options.one_of("static", "evpn"),
    options.BRIDGE_NAME: options.interface,
    options.ENABLE_MASQUERADE: options.boolean,
    options.HOST_BINDING: options.address,
    options.HOST_ADDRESS: options.address4,
    options.HOST_ADDRESS6: options.address6,
    options.MTU: options.mtu,
}

plug = bridge.plug
settle = bridge.settle
unplug = bridge.unplug
rejoin = bridge.rejoin
guards = overlay_rules.rules


def sliced(spec: NetworkSpec) -> bool:
    """Return True."""
    return True


def check(spec: NetworkSpec) -> None:
    """Raise InvalidSpec unless it has a subnet of each kind, a slice of it that is this host's, and peers that fit."""
    options.check(spec.name, spec.driver_options, _OPTIONS)
    subnets = {version: _subnet(spec, version) for version in spec.versions}
    peers.check(spec.name, {number: (one.network(), one.range()) for number, one in subnets.items()}, spec.peers)
    own = spec.driver_options.get(overlay.ADDRESS, "")
    if overlay.by_evpn(spec) and (not own or overlay.encrypted(spec)):
        raise InvalidSpec(
            f"network {spec.name}: with {overlay.CONTROL} evpn, set {overlay.ADDRESS} to this host's own address, which"
            f" BGP tells the others; {overlay.ENCRYPTED} is not possible"
        )
    if overlay.by_evpn(spec) and ":" in own:
        raise InvalidSpec(
            f"network {spec.name}: with {overlay.CONTROL} evpn, {overlay.ADDRESS} {own} cannot be of IPv6: FRR tells"
            " the others IPv4 addresses of hosts alone; name the hosts as peers instead"
        )
    for peer in spec.peers:
        _check_address(spec, peer, own)


def _subnet(spec: NetworkSpec, version: int) -> SubnetSpec:
    """Return the subnet of an IP version. Raises InvalidSpec unless it is one, with a slice that has a gateway."""
    found = spec.of_version(version)
    if len(found) != 1 or not found[0].ip_range:
        raise InvalidSpec(
            f"network {spec.name}: an overlay needs one subnet of IPv{version}, and as its ip_range the slice from"
            f" which this host gives out addresses, such as {_EXAMPLES[version]}"
        )
    gateway, part = found[0].gateway_address(), found[0].range()
    if gateway not in part:
        raise InvalidSpec(
            f"network {spec.name}: the gateway {gateway} is not inside the slice {part};"
            " each host has a gateway of its own there"
        )
    return found[0]


def _check_address(spec: NetworkSpec, peer: peers.Peer, own: str) -> None:
    if peer.address == own:
        raise InvalidSpec(_THIS_HOST.format(spec.name, peer.name, own))
    family = ipaddress.ip_address(own).version if own else 4
    if ipaddress.ip_address(peer.address).version != family and not overlay.encrypted(spec):
        raise InvalidSpec(
            f"network {spec.name}: peer {peer.name} has the address {peer.address}; between hosts with IPv6 addresses"
            f" the driver option {overlay.ADDRESS} names this host's own"
        )


def prepare(store: Store, spec: NetworkSpec) -> NetworkSpec:
    """Return the spec with its VNI and MTU.

    Raises NameTaken when another network or interface has the VNI, AddressTaken when one has the port, and InvalidSpec
    when a peer is this host or the MTU does not fit between the hosts.
    """
    bridge.prepare(store, spec)
    vni = int(spec.driver_options.get(overlay.VNI) or _default_vni(spec.name))
    port = overlay.port(spec)
    for network in all_networks(store):
        if network.driver == "overlay":
            _check_other(spec, vni, network)
    found = vxlan.in_use(vni, port)
    if found:
        raise NameTaken(f"network {spec.name}: the interface {found} has VNI {vni}; choose another {overlay.VNI}")
    largest = examine(spec)
    mtu = spec.driver_options.get(options.MTU) or str(largest)
    return replace(spec, driver_options={**spec.driver_options, overlay.VNI: str(vni), options.MTU: mtu})


def _check_other(spec: NetworkSpec, vni: int, other: Network) -> None:
    if overlay.vni(other.spec) == vni:
        raise NameTaken(f"network {spec.name}: network {other.name} has VNI {vni}; choose another {overlay.VNI}")
    both = overlay.encrypted(spec) and overlay.encrypted(other.spec)
    if both and overlay.wireguard_port(other.spec) == overlay.wireguard_port(spec):
        raise AddressTaken(
            f"network {spec.name}: network {other.name} has UDP port {overlay.wireguard_port(spec)} already;"
            f" choose another {overlay.WIREGUARD_PORT}"
        )


def examine(spec: NetworkSpec) -> int:
    """Return the largest MTU in bytes that a frame to each peer may have.

    Raises InvalidSpec when a peer is this host, cannot be reached by any route, or when the MTU of the spec is larger.
    """
    least, by = _LARGEST_FRAME - overlay.overhead(spec), ""
    own = {text.partition("/")[0] for _interface, text in bridges.host_addresses()}
    for peer in spec.peers:
        if peer.address in own:
            raise InvalidSpec(_THIS_HOST.format(spec.name, peer.name, peer.address))
        try:
            interface, mtu = vxlan.path_to(peer.address)
        except OSError as error:
            raise InvalidSpec(
                f"network {spec.name}: this host has no route to peer {peer.name} ({peer.address}): {error.strerror}"
            ) from error
        if not by or mtu - overlay.overhead(spec) < least:
            least, by = mtu - overlay.overhead(spec), interface
    wanted = int(spec.driver_options.get(options.MTU, "0"))
    if by and wanted > least:
        raise InvalidSpec(
            f"network {spec.name}: an MTU of {wanted} does not fit through the host's {by}, which leaves {least};"
            f" set {options.MTU} to at most {least}, the same on all hosts"
        )
    return least


def _default_vni(name: str) -> int:
    """Return the same number for a network's name on every host."""
    number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")
    return _FIRST_VNI + number % (_LARGEST_VNI + 1 - _FIRST_VNI)


def ensure(store: Store, network: Network) -> None:
    """Make the interfaces with their entries unless they are there and up, for a few system calls.

    The VXLAN interface is set up as the last step, so one that is up is whole. Raises OSError and HostLacks.
    """
    needed = [network.bridge, overlay.interface(network)]
    needed += [overlay.tunnel(network)] if overlay.encrypted(network.spec) else []
    with Rtnetlink() as netlink:
        whole = all(netlink.is_up(name) for name in needed)
    whole = whole and forwarding.works(network.spec.enable_ipv6)
    if not whole:
        mend(store, network)


def mend(store: Store, network: Network) -> None:
    """Make what is missing of both interfaces and of the entries."""
    interface = overlay.interface(network)
    bridge.mend(store, network)
    with store.lock("bridge", interface), Rtnetlink() as netlink:
        overlay.create(store, network)
        overlay.apply(network, overlay.plan(network))
        netlink.set_up(interface)


def remove(store: Store, network: Network) -> None:
    """Delete the interfaces and the key."""
    overlay.remove(store, network)
    bridge.remove(store, network)
