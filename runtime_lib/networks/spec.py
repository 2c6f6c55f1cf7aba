"""What a user asks of a network, checked before anything is touched."""

from __future__ import annotations

import ipaddress

from ..errors import InvalidSpec
from ..jsontext import compact, parse
from ..patterns import Pattern
from ..records import asdict, dataclass, field, known
from . import driver, options, peers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Union

    from .options import IPAddress

    IPNetwork = Union[ipaddress.IPv4Network, ipaddress.IPv6Network]

PREDEFINED = ("bridge", "host", "none")
RESERVED = (*PREDEFINED, "default")  # another name of `bridge`
_NAME = Pattern(r"[a-zA-Z0-9][a-zA-Z0-9_.-]{0,254}\Z")


@dataclass(frozen=True)
class SubnetSpec:
    """One entry of `ipam_config`: texts, as the user wrote them; "" where nothing was given."""

    subnet: str
    gateway: str = ""
    ip_range: str = ""
    aux_addresses: Mapping[str, str] = field(default_factory=dict)

    def network(self) -> IPNetwork:
        """Return the subnet. Raises InvalidSpec unless it is one, without bits of a host."""
        try:
            return ipaddress.ip_network(self.subnet)
        except ValueError as error:
            raise InvalidSpec(f"subnet {self.subnet!r}: {error}; write it as 172.30.0.0/16") from error

    def gateway_address(self) -> IPAddress:
        """Return the gateway that was given, or the first address of the range that a host may have, as Docker does."""
        if self.gateway:
            return options.address("gateway", self.gateway)
        return max(self.range()[0], self.network()[1])

    def of_host(self) -> list[str]:
        """Return the auxiliary addresses that are the host's own: `host0`, `host1`, ... (`drivers.hostaddresses`)."""
        return [text for name, text in self.aux_addresses.items() if name[:4] == "host" and name[4:].isdigit()]

    def way_out(self) -> IPAddress | None:
        """Return the gateway of containers where that is not the bridge's own address.

        It is the auxiliary address of a name that Docker gives this meaning (libnetwork, drivers/bridge).
        """
        text = self.aux_addresses.get(f"DefaultGatewayIPv{self.network().version}", "")
        return options.address("aux_addresses", text) if text else None

    def range(self) -> IPNetwork:
        """Return the part of the subnet from which addresses are given out. Raises InvalidSpec."""
        if not self.ip_range:
            return self.network()
        try:
            return ipaddress.ip_network(self.ip_range, strict=False)
        except ValueError as error:
            raise InvalidSpec(f"ip_range {self.ip_range!r}: {error}; write it as 172.30.5.0/24") from error

    def check(self) -> None:
        """Raise InvalidSpec unless range, gateway and auxiliary addresses lie inside the subnet."""
        network = self.network()
        if network.num_addresses < 4:
            least = f"/{network.max_prefixlen - 2}"
            raise InvalidSpec(f"subnet {self.subnet} has no room for a gateway and a container; use {least} or larger")
        first, last = self.range()[0], self.range()[-1]
        inside = [("ip_range", first), ("ip_range", last), ("gateway", self.gateway_address())]
        for name, text in self.aux_addresses.items():
            inside.append((f"aux_addresses {name}", options.address("aux_addresses", text)))
        for what, address in inside:
            if address not in network:
                raise InvalidSpec(f"{what}: {address} is not inside the subnet {self.subnet}; choose one of it")
        if self.gateway_address() in (network.network_address, network.broadcast_address):
            raise InvalidSpec(
                f"gateway: {self.gateway_address()} stands for all of {self.subnet}; choose another address"
            )


@dataclass(frozen=True)
class NetworkSpec:
    """A network as the user asked for it. Where `subnets` lacks an IP version that is wanted, a free one is chosen.

    `adopted` says that the host had the interface before, and keeps it when the network is removed; drivers set it.
    `peers` are the other hosts of an overlay network.
    `ipam_options` are kept and shown, and have no effect.
    """

    name: str
    driver: str = "bridge"
    subnets: tuple[SubnetSpec, ...] = ()
    internal: bool = False
    attachable: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)
    driver_options: Mapping[str, str] = field(default_factory=dict)
    enable_ipv4: bool = True
    enable_ipv6: bool = False
    config_only: bool = False
    config_from: str = ""
    adopted: bool = False
    peers: tuple[peers.Peer, ...] = ()
    ipam_options: Mapping[str, str] = field(default_factory=dict)

    def check(self) -> None:
        """Raise InvalidSpec when something in it makes no sense."""
        from . import configurations

        if not _NAME.match(self.name):
            raise InvalidSpec(
                f"network name {self.name!r}: use at most 255 letters, digits, _ . and -, a letter or digit first"
            )
        for subnet in self.subnets:
            subnet.check()
        self._check_versions()
        for index, subnet in enumerate(self.subnets):
            for other in self.subnets[:index]:
                if subnet.network().overlaps(other.network()):
                    raise InvalidSpec(
                        f"network {self.name}: {subnet.subnet} and {other.subnet} overlap; keep one of them"
                    )
        if self.peers and not driver.has_peers(self.driver):
            raise InvalidSpec(f"network {self.name}: only overlay networks have peers; set the driver to overlay")
        configurations.check(self)
        if not self.config_only:  # whose driver is that of the networks made from it
            driver.of(self.driver).check(self)

    def flag(self, option: str) -> bool:
        """Return the value of a yes-or-no driver option; yes when it is not given."""
        return options.boolean(option, self.driver_options.get(option, "true"))

    @property
    def versions(self) -> tuple[int, ...]:
        """The IP versions of which a container gets an address: 4, 6, or both in this order."""
        return (*((4,) if self.enable_ipv4 else ()), *((6,) if self.enable_ipv6 else ()))

    @property
    def mtu(self) -> int:
        """The MTU of the bridge and of all interfaces on it."""
        return int(self.driver_options.get(options.MTU, "1500"))

    def of_version(self, version: int) -> tuple[SubnetSpec, ...]:
        """Return the subnets of IP version 4 or 6."""
        return tuple(subnet for subnet in self.subnets if subnet.network().version == version)

    def to_json(self) -> str:
        """Return the text that the store keeps."""
        return compact(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> NetworkSpec:
        """Return the spec that `to_json` wrote; what a newer version has added to it is left out."""
        value: dict[str, Any] = known(cls, parse(text))
        value["subnets"] = tuple(SubnetSpec(**known(SubnetSpec, subnet)) for subnet in value["subnets"])
        value["peers"] = peers.from_json(value.get("peers", ()))
        return cls(**value)

    def _check_versions(self) -> None:
        if not self.versions:
            raise InvalidSpec(f"network {self.name}: it has neither IPv4 nor IPv6; enable one of them")
        for version in {4, 6} - set(self.versions):
            for subnet in self.of_version(version):
                kind = f"IPv{version}"
                raise InvalidSpec(f"network {self.name}: {subnet.subnet} is an {kind} subnet; enable {kind} for it")
