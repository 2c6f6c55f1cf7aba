"""Networks on a bridge of Open vSwitch: containers by veth pairs, VLANs, and tunnels to the bridges of other hosts."""

from __future__ import annotations

from contextlib import suppress

from ...errors import HostLacks, InvalidSpec, NameTaken
from ...linux import ethtool, netns
from ...linux import openvswitch as vsctl
from ...linux.netlink import bridges, stacked
from ...linux.netlink.link import Rtnetlink
from ...records import replace
from .. import forwarding, options, readiness
from .. import openvswitch as ovs
from ..model import endpoints
from . import bridge, hostaddresses, plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ...store import Store
    from ..model import Endpoint, Network
    from ..spec import NetworkSpec, SubnetSpec

GATEWAY_ON_HOST = True
HOST_END = True
SHARES_MAC = plain.SHARES_MAC
HAS_PEERS = plain.HAS_PEERS

rejoin = plain.rejoin
sliced = ovs.sliced
guards = ovs.guards


def _address(key: str, text: str) -> None:
    if "%" in text:
        raise InvalidSpec(f"{key}: {text} is valid on one link only; a tunnel needs an address that is routed")
    options.address(key, text)


def _addresses(key: str, text: str) -> None:
    for one in text.split(","):
        _address(key, one.strip())


def _socket(key: str, text: str) -> None:
    if not text.startswith("unix:/") or not text.isprintable():
        raise InvalidSpec(f"{key}: {text!r} is not a socket; write it as unix:/run/openvswitch/db.sock")


_ITSELF = f"network {{}}: {{}} is this host itself; name only the others in {ovs.REMOTES}"
_OPTIONS = {
    ovs.BRIDGE: options.interface,
    ovs.DATAPATH: options.one_of("system", "netdev"),
    ovs.TAG: options.number(1, 4094),
    ovs.TUNNEL: options.one_of(*ovs.OVERHEAD),
    ovs.REMOTES: _addresses,
    ovs.LOCAL: _address,
    ovs.KEY: options.number(0, max(ovs.LARGEST_KEY.values())),
    ovs.DATABASE: _socket,
    ovs.GATEWAY: options.boolean,
    **options.OF_GATEWAYS,
}


def check(spec: NetworkSpec) -> None:
    """Raise InvalidSpec for options that the driver does not have, or that do not fit together."""
    options.check(spec.name, spec.driver_options, _OPTIONS)
    given = {subnet.network().version for subnet in spec.subnets}
    if not spec.flag(ovs.GATEWAY) and (ovs.BRIDGE not in spec.driver_options or given != set(spec.versions)):
        raise InvalidSpec(
            f"network {spec.name}: where another machine is the gateway, give the {ovs.BRIDGE} that leads there, and"
            " the subnet of that network with its gateway"
        )
    tunnel = spec.driver_options.get(ovs.TUNNEL, "")
    if tunnel:
        _check_tunnel(spec, tunnel)
        return
    for key in (ovs.REMOTES, ovs.LOCAL, ovs.KEY):
        if key in spec.driver_options:
            raise InvalidSpec(f"network {spec.name}: {key} is of a tunnel; choose one too, such as {ovs.TUNNEL}=gre")


def _check_tunnel(spec: NetworkSpec, tunnel: str) -> None:
    remotes, local = ovs.remotes(spec), spec.driver_options.get(ovs.LOCAL, "")
    if not remotes:
        raise InvalidSpec(f"network {spec.name}: a tunnel needs the addresses of the other hosts: set {ovs.REMOTES}")
    if int(spec.driver_options.get(ovs.KEY, "0")) > ovs.LARGEST_KEY[tunnel]:
        raise InvalidSpec(f"network {spec.name}: the {ovs.KEY} of {tunnel} is at most {ovs.LARGEST_KEY[tunnel]}")
    if local and str(options.address(ovs.LOCAL, local)) in remotes:
        raise InvalidSpec(_ITSELF.format(spec.name, local))
    if len({options.address(ovs.REMOTES, one).version for one in [*remotes, *([local] if local else [])]}) > 1:
        raise InvalidSpec(f"network {spec.name}: {ovs.REMOTES} and {ovs.LOCAL} are both of IPv4, or both of IPv6")
    _check_parts(spec)


def _check_parts(spec: NetworkSpec) -> None:
    if not spec.subnets:
        raise InvalidSpec(f"network {spec.name}: hosts that share a network need the same subnet: give one")
    for subnet in spec.subnets:
        if not subnet.ip_range or subnet.gateway_address() not in subnet.range():
            raise InvalidSpec(
                f"network {spec.name}: subnet {subnet.subnet} is shared with other hosts, so this host needs a part"
                " of it as ip_range, another one than theirs, with its gateway in it"
            )


def prepare(store: Store, spec: NetworkSpec) -> NetworkSpec:
    """Look whether Open vSwitch runs, and whether a bridge that is to be used is there: it is adopted, and kept.

    Raises HostLacks, InvalidSpec, and NameTaken when an interface or a tunnel is in the way.
    """
    there = _observe(spec)
    own = {text.partition("/")[0] for _interface, text in bridges.host_addresses()}
    for itself in sorted(own.intersection(ovs.remotes(spec))):
        raise InvalidSpec(_ITSELF.format(spec.name, itself))
    taken = ovs.clash(spec, there)
    if taken:
        raise NameTaken(
            f"network {spec.name}: port {taken} is a tunnel with the same {ovs.REMOTES} and {ovs.KEY};"
            f" choose another {ovs.KEY}"
        )
    name = spec.driver_options.get(ovs.BRIDGE, "")
    found = there.bridges.get(name)
    if found is None:
        if not spec.flag(ovs.GATEWAY):
            raise InvalidSpec(f"network {spec.name}: there is no bridge {name} that could lead to the gateway")
        if name and bridge.exists(name):
            raise NameTaken(
                f"network {spec.name}: the host's {name} is no bridge of Open vSwitch; choose another {ovs.BRIDGE}"
            )
        return spec
    _check_datapath(spec, found)
    return spec if found.label == store.layout.label and spec.flag(ovs.GATEWAY) else _adopted(spec)


def _adopted(spec: NetworkSpec) -> NetworkSpec:
    """Return the spec; where the host is the gateway, with that among the host's addresses: see `Network.hosted`."""
    if not spec.flag(ovs.GATEWAY):
        return replace(spec, adopted=True)
    return replace(spec, subnets=tuple(_with_host(subnet) for subnet in spec.subnets), adopted=True)


def _with_host(subnet: SubnetSpec) -> SubnetSpec:
    gateway = subnet.gateway_address()
    return replace(hostaddresses.reserved(subnet, [gateway]), gateway=str(gateway))


def _check_datapath(spec: NetworkSpec, found: ovs.Bridge) -> None:
    datapath = spec.driver_options.get(ovs.DATAPATH, found.datapath)
    if datapath != (found.datapath or "system"):
        raise InvalidSpec(
            f"network {spec.name}: bridge {found.name} has {ovs.DATAPATH} {found.datapath or 'system'}, not {datapath};"
            " leave that option out"
        )


def ensure(store: Store, network: Network) -> None:
    """Make or mend bridge, tunnels and ports, and take away the ports of containers that are gone.

    When nothing is to do, it costs one call of ovs-vsctl. Raises OSError and HostLacks, this also when a bridge that
    was adopted is gone.
    """
    if _plan(store, network):
        with store.lock("bridge", ovs.bridge_of(network)):
            _apply(network, _plan(store, network))
        _check_works(network)
    with Rtnetlink() as netlink:
        whole = netlink.is_up(network.bridge) and forwarding.works(network.spec.enable_ipv6)
    if network.hosted and not whole:
        _lead(network)


def mend(store: Store, network: Network) -> None:
    """Do as `ensure`, and put back settings and addresses of the host's interface."""
    ensure(store, network)
    if network.hosted:
        _lead(network)


def _lead(network: Network) -> None:
    forwarding.prepare(network.bridge, network.spec.enable_ipv6)
    bridges.complete_addresses(network.bridge, bridge.addresses(network))
    with Rtnetlink() as netlink:
        netlink.set_up(network.bridge)
        readiness.answering(netlink, network.bridge, bridge.gateways6(network))


def plug(host: Rtnetlink, endpoint: Endpoint, namespace: int) -> None:
    """Make a veth pair and a port of its host end. Raises HostLacks and OSError; then nothing is left of it."""
    network, mac = endpoint.network, endpoint.mac_bytes
    name = endpoint.host_interface
    host.add_veth(name, 0, ovs.mtu(network.spec), namespace, endpoint.interface, mac)
    try:
        # A datapath in user space takes frames by a packet socket; the kernel's own leaves checksums to the last wire.
        if _observe(network.spec).bridges[ovs.bridge_of(network)].datapath == "netdev":
            with netns.entered(namespace):
                ethtool.compute_checksums(endpoint.interface)
            # The host's own stack sees these frames too: it must not answer for an address that the bridge has.
            host.change(stacked.without_arp(host.index(name)), name)
        _apply(network, ovs.addition(network, ovs.member(network, name)))
    except BaseException:
        unplug(host, endpoint, ended=False)
        raise


def settle(host: Rtnetlink, endpoint: Endpoint) -> None:
    """Have the kernel notice now that the pair is up on both ends. The bridge's own interface needs none for that."""
    readiness.sending(host, endpoint.host_interface)


def unplug(host: Rtnetlink, endpoint: Endpoint, ended: bool) -> None:
    """Take the port from the bridge, and delete the pair unless it goes with the container.

    Without Open vSwitch it forwards nothing either; its row in the database goes when `ensure` is called again.
    """
    with suppress(HostLacks):
        rows = ovs.deletion([endpoint.host_interface])
        vsctl.change(ovs.database(endpoint.network.spec), rows, wait=False)
    if not ended:
        host.delete(endpoint.host_interface)


def remove(store: Store, network: Network) -> None:
    """Take away the network's ports, and the bridge unless it was there before or others use it.

    Raises HostLacks when Open vSwitch is installed and does not run: it would bring them back.
    """
    try:
        vsctl.program()
    except HostLacks:
        return  # uninstalled, and all bridges with it
    commands = ovs.removal(network, store.layout.label, _observe(network.spec))
    if commands:
        with suppress(TimeoutError):  # the daemon reads it when it runs again
            vsctl.change(ovs.database(network.spec), commands)


def _observe(spec: NetworkSpec) -> ovs.Observed:
    return ovs.observed(*vsctl.tables(ovs.database(spec), *ovs.QUERY))


def _plan(store: Store, network: Network) -> list[list[str]]:
    there = _observe(network.spec)
    if network.spec.adopted and ovs.bridge_of(network) not in there.bridges:
        raise HostLacks(
            f"network {network.name}: its bridge {ovs.bridge_of(network)}, which was there before it, is gone;"
            f" make it (ovs-vsctl add-br {ovs.bridge_of(network)}), or remove the network"
        )
    names = [endpoint.host_interface for endpoint in endpoints(store, network_id=network.id)]
    # A port that is not in the store may be one that another process is just making, while its interface is there.
    names += [port.name for port in there.of(network) if not port.kind and port.name not in names]
    with Rtnetlink() as netlink:
        alive = [name for name in names if netlink.exists(name)]
    return ovs.plan(network, store.layout.label, there, ovs.wanted(network, alive))


def _apply(network: Network, commands: list[list[str]]) -> None:
    """Make the changes. Raises HostLacks when the daemon does not follow or could not do it."""
    try:
        failed = vsctl.change(ovs.database(network.spec), commands)
    except TimeoutError as error:
        raise HostLacks(
            f"network {network.name}: {error.strerror}; start it (systemctl start openvswitch-switch)"
        ) from error
    for name, reason in sorted(failed.items()):
        raise HostLacks(f"network {network.name}: Open vSwitch cannot make {name}: {reason or _unsaid(network)}")


def _check_works(network: Network) -> None:
    """Raise HostLacks when a port that has no interface of its own in the kernel was not made, now or earlier."""
    for port in _observe(network.spec).of(network):
        if port.kind and not port.works:
            raise HostLacks(
                f"network {network.name}: Open vSwitch cannot make {port.name}: {port.error or _unsaid(network)}"
            )


def _unsaid(network: Network) -> str:
    if network.spec.driver_options.get(ovs.DATAPATH) == "netdev":
        return "see the log of ovs-vswitchd"
    return (
        f"the kernel has perhaps no module openvswitch; {ovs.DATAPATH} netdev works without it, and the log of"
        " ovs-vswitchd says more"
    )
