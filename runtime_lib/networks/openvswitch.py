"""What a network needs in the database of Open vSwitch, and the changes that lead there. Pure.

ovs-vswitchd.conf.db(5) has the columns. In `external_ids` bridges carry the label of this installation, and ports the
id of their network: so what a killed process has left is found again, and nothing else is ever touched.
"""

from __future__ import annotations

import hashlib
import ipaddress

from ..records import dataclass, field
from . import options

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from .model import Network
    from .spec import NetworkSpec

    Command = list[str]

# Driver options, named as in the database.
BRIDGE = "bridge"
DATAPATH = "datapath_type"
TAG = "tag"
TUNNEL = "tunnel"
REMOTES = "remote_ip"
LOCAL = "local_ip"
KEY = "key"
DATABASE = "database"
GATEWAY = "gateway_on_host"

# What a packet grows by in a tunnel with a key over IPv4: Ethernet 14, the tunnel's own header, IP 20.
OVERHEAD = {"gre": 14 + 8 + 20, "vxlan": 14 + 16 + 20, "geneve": 14 + 16 + 20}
LARGEST_KEY = {"gre": 2**32 - 1, "vxlan": 2**24 - 1, "geneve": 2**24 - 1}
# What a tunnel takes from other hosts: by its IP protocol, or its UDP port (RFC 2784, 7348 and 8926).
_LANDING: dict[str, dict[str, Any]] = {
    "gre": {"match": {"op": "==", "left": {"meta": {"key": "l4proto"}}, "right": 47}},
    "vxlan": {"match": {"op": "==", "left": {"payload": {"protocol": "udp", "field": "dport"}}, "right": 4789}},
    "geneve": {"match": {"op": "==", "left": {"payload": {"protocol": "udp", "field": "dport"}}, "right": 6081}},
}
_IPV6 = 20  # by which its header is longer
_LABEL = "skiff"
_NETWORK = "skiff-network"
# The VLAN of frames without a tag. A port without any `tag` takes and gives the frames of all VLANs.
_UNTAGGED = "0"

QUERY = (
    ("Bridge", "name,ports,external_ids,datapath_type"),
    ("Port", "_uuid,name,tag,protected,external_ids,interfaces"),
    ("Interface", "_uuid,type,options,mtu_request,ofport,error"),
)


@dataclass(frozen=True)
class Port:
    """A port of a bridge with its one interface, as it is wanted or as it is; `works` is what the daemon says of it."""

    name: str
    kind: str = ""
    tag: str = ""
    protected: bool = False
    mtu: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
    bridge: str = field(default="", compare=False)
    network: str = field(default="", compare=False)
    works: bool = field(default=True, compare=False)
    error: str = field(default="", compare=False)


@dataclass(frozen=True)
class Bridge:
    """A bridge that is there; `label` is that of the installation which made it."""

    name: str
    datapath: str
    label: str


@dataclass(frozen=True)
class Observed:
    """All bridges and ports, by name."""

    bridges: Mapping[str, Bridge]
    ports: Mapping[str, Port]

    def of(self, network: Network) -> list[Port]:
        """Return the ports that a network has."""
        return [port for port in self.ports.values() if port.network == network.id]


def observed(bridges: list[dict[str, Any]], ports: list[dict[str, Any]], interfaces: list[dict[str, Any]]) -> Observed:
    """Return what the answers to `QUERY` say. A bond's further interfaces are left out."""
    seats = {port: row["name"] for row in bridges for port in _several(row["ports"])}
    of_port = {row["_uuid"]: row for row in interfaces}
    found = [_port(row, of_port, seats) for row in ports]
    there = [Bridge(row["name"], row["datapath_type"], row["external_ids"].get(_LABEL, "")) for row in bridges]
    return Observed({bridge.name: bridge for bridge in there}, {port.name: port for port in found})


def bridge_of(network: Network) -> str:
    """Return the name of the bridge: the one that the user gave, or the network's own."""
    return network.spec.driver_options.get(BRIDGE) or f"so{network.id[:10]}"


def database(spec: NetworkSpec) -> str:
    """Return where the database answers; "" means the usual place."""
    return spec.driver_options.get(DATABASE, "")


def remotes(spec: NetworkSpec) -> list[str]:
    """Return the addresses of the other hosts, each once and as the kernel writes it."""
    texts = [text.strip() for text in spec.driver_options.get(REMOTES, "").split(",")]
    return sorted({str(options.address(REMOTES, text)) for text in texts if text})


def mtu(spec: NetworkSpec) -> int:
    """Return the MTU of the network's interfaces: what was asked for, or what fits through its tunnels."""
    if options.MTU in spec.driver_options or TUNNEL not in spec.driver_options:
        return spec.mtu
    longer = any(ipaddress.ip_address(remote).version == 6 for remote in remotes(spec))
    return spec.mtu - OVERHEAD[spec.driver_options[TUNNEL]] - (_IPV6 if longer else 0)


def sliced(spec: NetworkSpec) -> bool:
    """Whether other hosts have containers in the same subnet, by tunnels, and give out other parts of it."""
    return TUNNEL in spec.driver_options


def guards(networks: Sequence[Network], contained: Sequence[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Return what drops frames at the host's ends of containers, and packets of containers that look like a tunnel's.

    Those ends are for the bridge alone: a datapath in user space takes copies of their frames, and the host's own stack
    would still route the originals. And a tunnel believes who has the address of another host.
    """
    ends = {"match": {"op": "==", "left": {"meta": {"key": "iifname"}}, "right": "sv*"}}
    kinds = sorted({network.spec.driver_options[TUNNEL] for network in networks if sliced(network.spec)})
    return [[ends, {"drop": None}], *([*contained, _LANDING[kind], {"drop": None}] for kind in kinds if contained)]


def wanted(network: Network, host_interfaces: Sequence[str]) -> list[Port]:
    """Return the ports of a network: the host's if it is the gateway, one for each other host, and the containers'."""
    spec = network.spec
    own = Port(network.bridge, "internal", _tag(spec), mtu=str(mtu(spec)))
    members = [member(network, name) for name in host_interfaces]
    return [*([own] if network.hosted else []), *_tunnels(network), *members]


def member(network: Network, host_interface: str) -> Port:
    """Return the port of a container. A protected one does not reach other protected ones."""
    return Port(host_interface, "", _tag(network.spec), protected=not network.icc)


def _tag(spec: NetworkSpec) -> str:
    return spec.driver_options.get(TAG, _UNTAGGED)


def plan(network: Network, label: str, there: Observed, ports: Sequence[Port]) -> list[Command]:
    """Return the changes after which the bridge is there and the network has these ports and no others.

    None when it is so already. A port that does not work is set once more, so that the daemon tries and says why.
    """
    bridge, commands = bridge_of(network), []
    if bridge not in there.bridges:
        commands += _bridge(bridge, label, network.spec)
    names = {port.name for port in ports}
    commands += [_delete(port.name) for port in there.of(network) if port.name not in names or port.bridge != bridge]
    for port in ports:
        present = there.ports.get(port.name)
        if present is None or present.bridge != bridge:
            commands += addition(network, port)
        elif present != port or not present.works:
            commands += _settings(network, port)
    return commands


def addition(network: Network, port: Port) -> list[Command]:
    """Return what makes a port with its settings."""
    return [["add-port", bridge_of(network), port.name], *_settings(network, port)]


def deletion(names: Sequence[str]) -> list[Command]:
    """Return what takes ports away, also when they are gone already."""
    return [_delete(name) for name in names]


def removal(network: Network, label: str, there: Observed) -> list[Command]:
    """Return what takes a network's ports away, and its bridge if Skiff has made it and nothing else is on it.

    A bridge that somebody else uses by now stays, and is theirs from then on.
    """
    name, ours = bridge_of(network), there.of(network)
    commands = [_delete(port.name) for port in ours]
    bridge = there.bridges.get(name)
    if bridge is None or bridge.label != label:
        return commands
    gone = {name, *[port.name for port in ours]}
    others = [port for port in there.ports.values() if port.bridge == name and port.name not in gone]
    if not others:
        return [["--if-exists", "del-br", name]]
    if any(port.network for port in others):
        return commands
    return [*commands, ["remove", "Bridge", name, "external_ids", _LABEL]]


def clash(spec: NetworkSpec, there: Observed) -> str:
    """Return the name of a port that has one of the tunnels of a network which is not there yet; "" without one."""
    mine = [(spec.driver_options.get(TUNNEL), values) for values in _tunnel_options(spec).values()]
    for port in there.ports.values():
        theirs = {key: port.options[key] for key in (REMOTES, LOCAL, KEY) if key in port.options}
        if (port.kind, theirs) in mine:
            return port.name
    return ""


def _bridge(name: str, label: str, spec: NetworkSpec) -> list[Command]:
    datapath = spec.driver_options.get(DATAPATH, "system")
    settings = [f"datapath_type={datapath}", f"external_ids:{_LABEL}={label}"]
    return [["--may-exist", "add-br", name], ["set", "Bridge", name, *settings]]


def _settings(network: Network, port: Port) -> list[Command]:
    mark = f"external_ids:{_NETWORK}={network.id}"
    seat = [f"tag={port.tag}", f"protected={str(port.protected).lower()}", mark]
    kind = [f'type="{port.kind}"', f"mtu_request={port.mtu}" if port.mtu else "mtu_request=[]"]
    values = ",".join([f'{key}="{value}"' for key, value in sorted(port.options.items())])
    return [["set", "Port", port.name, *seat], ["set", "Interface", port.name, *kind, f"options={{{values}}}"]]


def _delete(name: str) -> Command:
    return ["--if-exists", "del-port", name]


def _tunnels(network: Network) -> list[Port]:
    """Return a port for each other host.

    They are protected: what comes by one never leaves by another, or it would run in circles between three hosts.
    """
    spec, found = network.spec, []
    kind, tag = spec.driver_options.get(TUNNEL, ""), _tag(spec)
    for remote, values in _tunnel_options(spec).items():
        name = f"st{hashlib.sha256(f'{network.id} {remote}'.encode()).hexdigest()[:13]}"
        found.append(Port(name, kind, tag, True, options=values))
    return found


def _tunnel_options(spec: NetworkSpec) -> dict[str, dict[str, str]]:
    shared = {key: spec.driver_options[key] for key in (KEY, LOCAL) if key in spec.driver_options}
    return {remote: {REMOTES: remote, **shared} for remote in remotes(spec)}


def _port(row: dict[str, Any], interfaces: dict[str, dict[str, Any]], seats: dict[str, str]) -> Port:
    interface = interfaces[_several(row["interfaces"])[0]]
    return Port(
        row["name"],
        interface["type"],
        "".join([str(tag) for tag in _several(row["tag"])]),
        row["protected"],
        "".join([str(size) for size in _several(interface["mtu_request"])]),
        interface["options"],
        bridge=seats.get(row["_uuid"], ""),
        network=row["external_ids"].get(_NETWORK, ""),
        works=any(number > 0 for number in _several(interface["ofport"])),
        error="".join(_several(interface["error"])),
    )


def _several(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
