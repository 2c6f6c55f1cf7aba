"""Networks on a bridge of the host, each container by a veth pair."""

from __future__ import annotations

import errno
import ipaddress

from ...errors import AddressTaken, NameTaken
from ...linux.netlink import bridges, stacked
from ...linux.netlink.link import Rtnetlink
from .. import driver, forwarding, options, readiness
from ..model import all_networks, endpoints
from . import brport, hostbridge, plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ...store import Store
    from ..model import Endpoint, Network
    from ..spec import NetworkSpec

GATEWAY_ON_HOST = True
HOST_END = True
SHARES_MAC = plain.SHARES_MAC
HAS_PEERS = plain.HAS_PEERS

_LINK_LOCAL = ipaddress.ip_interface("fe80::1/64")  # of the bridge, as with Docker
_OPTIONS = {options.BRIDGE_NAME: options.interface, **options.OF_GATEWAYS}

sliced = plain.sliced
guards = plain.guards
rejoin = brport.rejoin


def check(spec: NetworkSpec) -> None:
    """Raise InvalidSpec for options that a bridge does not have."""
    options.check(spec.name, spec.driver_options, _OPTIONS)


def prepare(store: Store, spec: NetworkSpec) -> NetworkSpec:
    """Adopt a bridge of that name which the host has. Raises NameTaken for any other interface, and InvalidSpec."""
    interface = spec.driver_options.get(options.BRIDGE_NAME, "")
    if not interface or not exists(interface):
        return spec
    with Rtnetlink() as host:
        found = stacked.look(host, interface)
    if found is None or found.kind != "bridge" or interface in [network.bridge for network in all_networks(store)]:
        raise NameTaken(
            f"network {spec.name}: the host has an interface {interface} already; choose another {options.BRIDGE_NAME}"
        )
    return hostbridge.adopt(spec)


def ensure(store: Store, network: Network) -> None:
    """Make or mend the bridge of a network unless it is up and the host forwards; the check costs four system calls.

    The bridge is set up as the last step, so one that is up is whole. Raises OSError, and HostLacks without pyroute2.
    """
    if network.spec.adopted:
        hostbridge.ensure(store, network)
        return
    with Rtnetlink() as netlink:
        whole = netlink.is_up(network.bridge) and forwarding.works(network.spec.enable_ipv6)
    if not whole:
        mend(store, network)


def mend(store: Store, network: Network) -> None:
    """Make what is missing of the bridge, its settings and addresses, and connect containers again that lost it."""
    if network.spec.adopted:
        hostbridge.ensure(store, network)
        return
    with store.lock("bridge", network.bridge), Rtnetlink() as netlink:
        bridges.create_bridge(network.bridge, network.spec.mtu, _alias(store, network))
        forwarding.prepare(network.bridge, network.spec.enable_ipv6)
        bridges.complete_addresses(network.bridge, addresses(network))
        for endpoint in endpoints(store, network_id=network.id):
            if netlink.exists(endpoint.host_interface):
                brport.rejoin(store, netlink, endpoint)
        netlink.set_up(network.bridge)
        readiness.answering(netlink, network.bridge, gateways6(network))


def _alias(store: Store, network: Network) -> str:
    """Return the text by which a bridge is known as ours whatever its name (`ip link show`)."""
    return f"{store.layout.label} {network.id}"


def addresses(network: Network) -> list[str]:
    """Return what the host's interface on a network has: gateways with their prefix lengths, and one of the link.

    Where several hosts are on the network, none has that one: each has a gateway of its own there.
    """
    own = [f"{subnet.gateway}/{subnet.network.prefixlen}" for subnet in network.subnets]
    alone = network.spec.enable_ipv6 and not driver.of(network.driver).sliced(network.spec)
    return [*own, str(_LINK_LOCAL)] if alone else own


def gateways6(network: Network) -> list[bytes]:
    """Return the addresses of IPv6, of 16 bytes each, by which containers ask for the host's interface."""
    return [subnet.gateway.packed for subnet in network.subnets if subnet.gateway.version == 6]


def exists(interface: str) -> bool:
    """Whether the host has an interface of this name."""
    with Rtnetlink() as netlink:
        return netlink.exists(interface)


def plug(host: Rtnetlink, endpoint: Endpoint, namespace: int) -> None:
    """Make a veth pair between the bridge and the namespace. Raises AddressTaken when the bridge is full."""
    network, mac = endpoint.network, endpoint.mac_bytes
    bridge_index = host.index(network.bridge)
    mtu = hostbridge.mtu(host, network) if network.spec.adopted else network.spec.mtu
    try:
        host.add_veth(endpoint.host_interface, bridge_index, mtu, namespace, endpoint.interface, mac)
    except OSError as error:
        if error.errno == errno.EXFULL:
            raise AddressTaken(
                f"network {network.name} is full: a bridge has at most 1023 ports; use another one"
            ) from error
        raise
    if not network.icc:
        host.isolate(endpoint.host_interface)


def settle(host: Rtnetlink, endpoint: Endpoint) -> None:
    """Have the kernel notice now that the pair is up on both ends, and the bridge with its first port."""
    readiness.sending(host, endpoint.host_interface, endpoint.network.bridge)


def unplug(host: Rtnetlink, endpoint: Endpoint, ended: bool) -> None:
    """Delete the pair; of a container that has ended, only close its port: the kernel takes 10 to 30 ms to delete."""
    if ended:
        host.close_port(endpoint.host_interface)
    else:
        host.delete(endpoint.host_interface)


def remove(store: Store, network: Network) -> None:
    """Delete the bridge, unless the host had it before."""
    if network.spec.adopted:
        return
    bridges.delete_link(network.bridge, _alias(store, network))
