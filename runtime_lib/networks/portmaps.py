"""Published ports as maps of nftables: looked up at once, however many there are. Pure.

There are four pairs of maps, for ports on every address of the host or on a certain one, of IPv4 and IPv6. The first
of a pair leads to the container's address, the second to its port: one map with both ends nft 1.0.6 with a signal.
"""

from __future__ import annotations

import ipaddress

from ..records import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from .model import Published

    Json = dict[str, Any]

_PORT: Json = {"concat": [{"meta": {"key": "l4proto"}}, {"payload": {"protocol": "th", "field": "dport"}}]}


@dataclass(frozen=True)
class _Kind:
    """Ports of one IP version, on a certain address of the host or on each."""

    version: int
    certain: bool

    @property
    def family(self) -> str:
        return "ip" if self.version == 4 else "ip6"

    @property
    def key(self) -> Json:
        address = [{"payload": {"protocol": self.family, "field": "daddr"}}] if self.certain else []
        return {"concat": [*address, *_PORT["concat"]]}

    @property
    def key_type(self) -> list[str]:
        return [*([self._address_type] if self.certain else []), "inet_proto", "inet_service"]

    @property
    def maps(self) -> tuple[tuple[str, str], tuple[str, str]]:
        """The names of the two maps, and the type of what they lead to."""
        name = f"ports{self.version}{'_at' if self.certain else ''}"
        return (f"{name}_address", self._address_type), (f"{name}_port", "inet_service")

    def has(self, port: Published) -> bool:
        address = ipaddress.ip_address(port.host_ip)
        return address.version == self.version and address.is_unspecified != self.certain

    def element(self, port: Published) -> Json:
        return {"concat": [*([port.host_ip] if self.certain else []), port.protocol, port.host_port]}

    @property
    def _address_type(self) -> str:
        return "ipv4_addr" if self.version == 4 else "ipv6_addr"


_KINDS = [_Kind(version, certain) for certain in (True, False) for version in (4, 6)]  # a certain address comes first


def contents(table: str, ports: Sequence[Published]) -> list[Json]:
    """Return the commands after which the maps are there and hold these ports, and no others."""
    commands: list[Json] = []
    for kind in _KINDS:
        mine = sorted(filter(kind.has, ports), key=lambda port: (port.protocol, port.host_ip, port.host_port))
        addresses = [[kind.element(port), port.container_ip] for port in mine]
        numbers = [[kind.element(port), port.container_port] for port in mine]
        for (name, leads_to), elements in zip(kind.maps, (addresses, numbers)):
            place = {"family": "inet", "table": table, "name": name}
            commands += [{"add": {"map": {**place, "type": kind.key_type, "map": leads_to}}}, {"flush": {"map": place}}]
            commands += [{"add": {"element": {**place, "elem": elements}}}] if elements else []
    return commands


def rules() -> list[list[Json]]:
    """Return the expressions of the rules that send a packet where the maps say."""
    return [[_version(kind), {"dnat": _target(kind)}] for kind in _KINDS]


def _version(kind: _Kind) -> Json:
    return {"match": {"op": "==", "left": {"meta": {"key": "nfproto"}}, "right": f"ipv{kind.version}"}}


def _target(kind: _Kind) -> Json:
    (address, _type), (port, _other) = kind.maps
    found = [{"map": {"key": kind.key, "data": f"@{name}"}} for name in (address, port)]
    return {"family": kind.family, "addr": found[0], "port": found[1]}
