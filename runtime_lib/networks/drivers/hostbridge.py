"""A bridge that the administrator has made: containers become ports of it, and nothing of it is changed or deleted.

It may be the host's way to its LAN. So there are rules, translation and published ports only where the host itself is
the gateway (`Network.hosted`); otherwise containers are machines of that LAN, and its router is theirs.
"""

from __future__ import annotations

import ipaddress

from ...errors import HostLacks, InvalidSpec
from ...linux.netlink import bridges, stacked
from ...linux.netlink.link import Rtnetlink
from ...records import replace
from .. import forwarding, options
from ..model import endpoints
from . import brport, hostaddresses

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...store import Store
    from ..model import Network
    from ..options import IPAddress
    from ..spec import NetworkSpec, SubnetSpec


def adopt(spec: NetworkSpec) -> NetworkSpec:
    """Return what is stored of a network on a bridge of the host. Raises InvalidSpec; see `adopted`."""
    name = spec.driver_options[options.BRIDGE_NAME]
    routers = [ipaddress.ip_address(text) for interface, text in bridges.default_gateways() if interface == name]
    return adopted(spec, hostaddresses.of(name), routers)


def adopted(spec: NetworkSpec, own: Sequence[IPAddress], routers: Sequence[IPAddress]) -> NetworkSpec:
    """Return the spec with its gateways, and with the bridge's `own` addresses among those that no container gets.

    `routers` are the gateways of the host's own default routes by this bridge. Raises InvalidSpec when the spec has no
    subnet, or no gateway can be told, or the host would be the gateway of the network that it needs a gateway in. Pure.
    """
    name = spec.driver_options[options.BRIDGE_NAME]
    if spec.internal and routers:
        raise InvalidSpec(f"network {spec.name}: {name} is the host's own way out, so nothing on it can be internal")
    for version in spec.versions:
        if not spec.of_version(version):
            raise InvalidSpec(
                f"network {spec.name}: {name} is a bridge of the host: give its IPv{version} subnet, and the ip_range"
                " of it that is for containers"
            )
    return replace(spec, subnets=tuple(_completed(spec, one, own, routers) for one in spec.subnets), adopted=True)


def _completed(
    spec: NetworkSpec, subnet: SubnetSpec, own: Sequence[IPAddress], routers: Sequence[IPAddress]
) -> SubnetSpec:
    where = f"network {spec.name}: {spec.driver_options[options.BRIDGE_NAME]}"
    here = [address for address in own if address in subnet.network()]
    outward = [address for address in routers if address in subnet.network()]
    given = subnet.way_out() or (subnet.gateway_address() if subnet.gateway else None)
    if not given and not outward and not here:
        raise InvalidSpec(f"{where} has no address in {subnet.subnet}: give the gateway of that subnet")
    gateway = given or (outward or here)[0]
    if outward and gateway in here:
        raise InvalidSpec(
            f"{where} is the host's own way out, and {gateway} is the host: containers there use the gateway"
            f" {outward[0]}"
        )
    return replace(hostaddresses.reserved(subnet, here), gateway=str(gateway))


def ensure(store: Store, network: Network) -> None:
    """Join containers to the bridge again that lost it. Raises HostLacks when it is gone: it is not ours to make."""
    with Rtnetlink() as host:
        found = stacked.look(host, network.bridge)
        if found is None or found.kind != "bridge":
            raise HostLacks(f"network {network.name}: the host has no bridge {network.bridge} any more; bring it back")
        if network.hosted:
            forwarding.lead(network.bridge)
        for endpoint in endpoints(store, network_id=network.id):
            port = stacked.look(host, endpoint.host_interface)
            if port is not None and not port.master:
                brport.rejoin(store, host, endpoint)


def mtu(host: Rtnetlink, network: Network) -> int:
    """Return the MTU of a container's interface: a smaller one than the bridge's would become that of the bridge."""
    found = stacked.look(host, network.bridge)
    return found.mtu if found else network.spec.mtu
