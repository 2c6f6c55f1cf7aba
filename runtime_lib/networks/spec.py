"""What a user asks of a network, checked before anything is touched."""

from __future__ import annotations

import ipaddress

from ..errors import InvalidSpec
from ..jsontext import compact, parse
from ..patterns import Pattern
from ..records import asdict, dataclass, field, known

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Union

    IPAddress = Union[ipaddress.IPv4Address, ipaddress.IPv6Address]
    IPNetwork = Union[ipaddress.IPv4Network, ipaddress.IPv6Network]

PREDEFINED = ("bridge", "host", "none")
BRIDGE_NAME = "com.docker.network.bridge.name"
ENABLE_ICC = "com.docker.network.bridge.enable_icc"
ENABLE_MASQUERADE = "com.docker.network.bridge.enable_ip_masquerade"
HOST_BINDING = "com.docker.network.bridge.host_binding_ipv4"
HOST_ADDRESS = "com.docker.network.host_ipv4"
MTU = "com.docker.network.driver.mtu"
_OPTIONS = (BRIDGE_NAME, ENABLE_ICC, ENABLE_MASQUERADE, HOST_BINDING, HOST_ADDRESS, MTU)

_NAME = Pattern(r"[a-zA-Z0-9][a-zA-Z0-9_.-]{0,254}\Z")
_INTERFACE = Pattern(r"[a-zA-Z0-9][a-zA-Z0-9_.-]{0,14}\Z")  # IFNAMSIZ, and nothing that a rule could misread
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


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
            return _address(self.gateway, "gateway")
        return max(self.range()[0], self.network()[1])

    def range(self) -> IPNetwork:
        """Return the part of the subnet from which addresses are given out."""
        if not self.ip_range:
            return self.network()
        try:
            return ipaddress.ip_network(self.ip_range, strict=False)
        except ValueError as error:
            raise InvalidSpec(f"ip_range {self.ip_range!r}: {error}; write it as 172.30.5.0/24") from error

    def check(self) -> None:
        """Raise InvalidSpec unless range, gateway and auxiliary addresses lie inside the subnet."""
        network = self.network()
        if network.version == 6:
            raise InvalidSpec(f"subnet {self.subnet}: IPv6 subnets are not there yet; use an IPv4 subnet")
        if network.num_addresses < 4:
            raise InvalidSpec(f"subnet {self.subnet} has no room for a gateway and a container; use /30 or larger")
        first, last = self.range()[0], self.range()[-1]
        inside = [("ip_range", first), ("ip_range", last), ("gateway", self.gateway_address())]
        inside += [
            (f"aux_addresses {name}", _address(text, "aux_addresses")) for name, text in self.aux_addresses.items()
        ]
        for what, address in inside:
            if address not in network:
                raise InvalidSpec(f"{what}: {address} is not inside the subnet {self.subnet}; choose one of it")
        if self.gateway_address() in (network.network_address, network.broadcast_address):
            raise InvalidSpec(
                f"gateway: {self.gateway_address()} stands for all of {self.subnet}; choose another address"
            )


@dataclass(frozen=True)
class NetworkSpec:
    """A network as the user asked for it. Without `subnets`, a free one is chosen."""

    name: str
    driver: str = "bridge"
    subnets: tuple[SubnetSpec, ...] = ()
    internal: bool = False
    attachable: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)
    driver_options: Mapping[str, str] = field(default_factory=dict)

    def check(self) -> None:
        """Raise InvalidSpec when something in it makes no sense."""
        if not _NAME.match(self.name):
            raise InvalidSpec(
                f"network name {self.name!r}: use at most 255 letters, digits, _ . and -, a letter or digit first"
            )
        if self.driver != "bridge":
            raise InvalidSpec(f"network {self.name}: the driver {self.driver!r} is not there yet; use bridge")
        for subnet in self.subnets:
            subnet.check()
        for index, subnet in enumerate(self.subnets):
            for other in self.subnets[:index]:
                if subnet.network().overlaps(other.network()):
                    raise InvalidSpec(
                        f"network {self.name}: {subnet.subnet} and {other.subnet} overlap; keep one of them"
                    )
        self._check_options()

    def flag(self, option: str, default: bool = True) -> bool:
        """Return the value of a yes-or-no driver option."""
        text = self.driver_options.get(option)
        return default if text is None else _BOOLEANS[text.lower()]

    @property
    def mtu(self) -> int:
        """The MTU of the bridge and of all interfaces on it."""
        return int(self.driver_options.get(MTU, "1500"))

    def to_json(self) -> str:
        """Return the text that the store keeps."""
        return compact(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> NetworkSpec:
        """Return the spec that `to_json` wrote; what a newer version has added to it is left out."""
        value: dict[str, Any] = known(cls, parse(text))
        value["subnets"] = tuple(SubnetSpec(**known(SubnetSpec, subnet)) for subnet in value["subnets"])
        return cls(**value)

    def _check_options(self) -> None:
        for key, text in self.driver_options.items():
            if key not in _OPTIONS:
                raise InvalidSpec(f"network {self.name}: unknown driver option {key}; there are {', '.join(_OPTIONS)}")
            if key in (ENABLE_ICC, ENABLE_MASQUERADE) and text.lower() not in _BOOLEANS:
                raise InvalidSpec(f"network {self.name}: {key} must be true or false, not {text!r}")
            if key in (HOST_BINDING, HOST_ADDRESS):
                _address(text, key)
            if key == MTU and not (text.isascii() and text.isdigit() and 68 <= int(text) <= 65535):
                raise InvalidSpec(f"network {self.name}: {key} must be a number from 68 to 65535, not {text!r}")
            if key == BRIDGE_NAME and not _INTERFACE.match(text):
                raise InvalidSpec(
                    f"network {self.name}: {key}: {text!r} is not a name of at most 15 letters and digits"
                )


def _address(text: str, what: str) -> IPAddress:
    try:
        return ipaddress.ip_address(text)
    except ValueError as error:
        raise InvalidSpec(f"{what}: {text!r} is not an IP address; write it as 172.30.0.1") from error
