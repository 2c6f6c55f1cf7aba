"""A network and an endpoint as they are in the store."""

from __future__ import annotations

import ipaddress

from ..jsontext import parse
from ..records import dataclass, field
from . import driver
from .options import (
    BRIDGE_NAME,
    ENABLE_ICC,
    ENABLE_MASQUERADE,
    HOST_ADDRESS,
    HOST_ADDRESS6,
    HOST_BINDING,
    IPVLAN_MODE,
    MACVLAN_MODE,
)
from .spec import PREDEFINED, NetworkSpec, SubnetSpec

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3
    from typing import Any

    from ..store import Store
    from .options import IPAddress
    from .spec import IPNetwork


@dataclass(frozen=True)
class Published:
    """A port of the host that is a container's; `host_ip` may be 0.0.0.0 or ::."""

    protocol: str
    host_ip: str
    host_port: int
    container_ip: str
    container_port: int


@dataclass(frozen=True)
class Subnet:
    """A subnet that belongs to a network."""

    network: IPNetwork
    gateway: IPAddress


@dataclass(frozen=True)
class Network:
    """A network that exists. `subnets` are those of the spec, or the one that was chosen."""

    id: str
    spec: NetworkSpec
    subnets: tuple[Subnet, ...]
    created: int

    @property
    def name(self) -> str:
        """The name that the user gave."""
        return self.spec.name

    @property
    def driver(self) -> str:
        """The name of its driver; `host` and `null` are the predefined networks without one."""
        return "null" if self.spec.config_only else self.spec.driver

    @property
    def bridge(self) -> str:
        """The name of the bridge interface."""
        return self.spec.driver_options.get(BRIDGE_NAME) or f"sk{self.id[:10]}"

    @property
    def single(self) -> bool:
        """Whether there is place for one container only: it has the host's interface for itself."""
        return self.spec.driver_options.get(MACVLAN_MODE) == "passthru"

    @property
    def shares_mac(self) -> bool:
        """Whether all containers have the MAC address of the host's interface."""
        return driver.of(self.driver).SHARES_MAC

    @property
    def by_interface(self) -> bool:
        """Whether everything else is sent into the interface itself, where the host routes it: there is no gateway."""
        return self.spec.driver_options.get(IPVLAN_MODE, "l2") != "l2"

    @property
    def hosted(self) -> bool:
        """Whether the host is the gateway, by `bridge`: then there are rules, translation, and published ports."""
        if not driver.of(self.driver).GATEWAY_ON_HOST:
            return False
        return not self.spec.adopted or all(subnet.gateway in subnet.of_host() for subnet in self.spec.subnets)

    def way_out(self, subnet: Subnet) -> IPAddress:
        """Return the gateway of containers in one of the subnets."""
        others = [given.way_out() for given in self.spec.subnets if given.aux_addresses and self.driver == "bridge"]
        return next((address for address in others if address and address in subnet.network), subnet.gateway)

    def part(self, subnet: Subnet) -> IPNetwork:
        """Return where the addresses of this host's containers lie: in its slice, where hosts share a subnet."""
        given = [one for one in self.spec.subnets if one.network() == subnet.network]
        return given[0].range() if given and driver.of(self.driver).sliced(self.spec) else subnet.network

    @property
    def subnet_specs(self) -> tuple[SubnetSpec, ...]:
        """The subnets as a user would have to ask for them to get the same: those that were given, and those chosen."""
        given = {subnet.network(): subnet for subnet in self.spec.subnets}
        chosen = [given.get(one.network) or SubnetSpec(str(one.network), str(one.gateway)) for one in self.subnets]
        return tuple(chosen) or self.spec.subnets

    @property
    def internal(self) -> bool:
        """Whether nothing comes in or out."""
        return self.spec.internal

    @property
    def masquerade(self) -> bool:
        """Whether containers reach other networks under the host's address."""
        return self.spec.flag(ENABLE_MASQUERADE)

    def host_address(self, version: int) -> str | None:
        """The host's address under which containers reach other networks; None: that of the interface they leave by."""
        return self.spec.driver_options.get(HOST_ADDRESS if version == 4 else HOST_ADDRESS6)

    @property
    def host_binding(self) -> str | None:
        """The host's address on which ports are published that name none."""
        return self.spec.driver_options.get(HOST_BINDING)

    @property
    def icc(self) -> bool:
        """Whether the containers of this network may talk to each other."""
        return self.spec.flag(ENABLE_ICC)

    @property
    def has_names(self) -> bool:
        """Whether neighbours find each other by name: not on the predefined networks, as with Docker."""
        return self.name not in PREDEFINED


@dataclass(frozen=True)
class Endpoint:
    """A container's place on a network, while it runs. `names` are its name and aliases on that network.

    `host_interface` is the host's end, or a mark of the namespace (`swept.mark`) with drivers that have none.
    `addresses` are at least one, the IPv4 one first.
    """

    id: str
    container_id: str
    network: Network
    interface: str
    host_interface: str
    mac: str
    addresses: tuple[IPAddress, ...]
    names: tuple[str, ...]
    settings: dict[str, Any] = field(default_factory=dict, compare=False)

    @property
    def link_local(self) -> list[ipaddress.IPv4Interface | ipaddress.IPv6Interface]:
        """Its further addresses."""
        return [ipaddress.ip_interface(text) for text in self.settings.get("link_local", ())]

    @property
    def sysctls(self) -> list[str]:
        """The settings of its interface, see `wish.Attachment.sysctls`."""
        return list(self.settings.get("sysctls", ()))

    @property
    def priority(self) -> int:
        """How much the default route wants to go by it."""
        return int(self.settings.get("priority", 0))

    @property
    def mac_bytes(self) -> bytes:
        """Its MAC address as the kernel takes it."""
        return bytes.fromhex(self.mac.replace(":", ""))

    @property
    def address(self) -> IPAddress:
        """Its IPv4 address, or the IPv6 one where the network has no IPv4."""
        return self.addresses[0]

    @property
    def ipv4(self) -> IPAddress | None:
        """Its IPv4 address."""
        return self.of_version(4)

    @property
    def ipv6(self) -> IPAddress | None:
        """Its IPv6 address."""
        return self.of_version(6)

    def of_version(self, version: int) -> IPAddress | None:
        """Return its address of IP version 4 or 6."""
        return next((address for address in self.addresses if address.version == version), None)

    def subnet(self, version: int) -> Subnet | None:
        """Return the subnet of the network that holds its address of that version."""
        address = self.of_version(version)
        return next((one for one in self.network.subnets if address is not None and address in one.network), None)

    def prefix_length(self, version: int) -> int:
        """Return the prefix length of that subnet; 0 without an address of that version."""
        subnet = self.subnet(version)
        return subnet.network.prefixlen if subnet else 0

    def gateway(self, version: int) -> IPAddress | None:
        """Return where everything else is sent, or None on an internal network."""
        subnet = self.subnet(version)
        if subnet is None or not self.leads_out(version) or self.network.by_interface:
            return None
        return self.network.way_out(subnet)

    def leads_out(self, version: int) -> bool:
        """Whether other networks are reached by it: by the gateway, or by the interface alone."""
        return self.of_version(version) is not None and not self.network.internal


def all_networks(store: Store) -> list[Network]:
    """Return every network of the store, by name; configurations for others are none."""
    return [network for network in stored(store) if not network.spec.config_only]


def stored(store: Store) -> list[Network]:
    """Return every network and every configuration of the store, by name."""
    subnets: dict[str, list[Subnet]] = {}
    for row in store.query("SELECT * FROM subnets ORDER BY position"):
        subnet = Subnet(ipaddress.ip_network(row["subnet"]), ipaddress.ip_address(row["gateway"]))
        subnets.setdefault(row["network_id"], []).append(subnet)
    return [
        Network(row["id"], NetworkSpec.from_json(row["spec"]), tuple(subnets.get(row["id"], ())), row["created"])
        for row in store.query("SELECT * FROM networks ORDER BY name")
    ]


def endpoints(store: Store, container_id: str | None = None, network_id: str | None = None) -> list[Endpoint]:
    """Return the endpoints of one container, of one network, or all, in the order of the interfaces."""
    networks = {network.id: network for network in all_networks(store)}
    found = store.query(
        "SELECT endpoints.*, group_concat(leases.address, ' ') AS addresses"
        " FROM endpoints JOIN leases USING (container_id, network_id)"
        " WHERE ifnull(?1, container_id) = container_id AND ifnull(?2, network_id) = network_id"
        " GROUP BY container_id, network_id ORDER BY container_id, length(interface), interface",
        (container_id, network_id),
    )
    return [_endpoint(row, networks[row["network_id"]]) for row in found]


def _endpoint(row: sqlite3.Row, network: Network) -> Endpoint:
    addresses = [ipaddress.ip_address(text) for text in row["addresses"].split()]
    return Endpoint(
        row["id"],
        row["container_id"],
        network,
        row["interface"],
        row["host_interface"],
        row["mac"],
        tuple(sorted(addresses, key=lambda address: address.version)),
        tuple(parse(row["names"])),
        parse(row["settings"]),
    )
