"""Who may send frames into the overlay networks of this host: VXLAN itself asks nobody for anything. Pure."""

from __future__ import annotations

import ipaddress

from . import overlay

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from .model import Network

    Json = dict[str, Any]

_VNI = {"payload": {"base": "th", "offset": 96, "len": 24}}  # bits: UDP has 64, VXLAN 32 before it (RFC 7348)


def rules(networks: Sequence[Network]) -> list[list[Json]]:
    """Return, for each network whose peers are all that send to it, what drops the frames of others.

    Encrypted ones take none but by their own interface, and with EVPN it is FRR that knows who takes part.
    """
    return [_strangers(network) for network in networks if _knows_all(network)]


def _knows_all(network: Network) -> bool:
    return not overlay.encrypted(network.spec) and not overlay.by_evpn(network.spec)


def _strangers(network: Network) -> list[Json]:
    spec = network.spec
    peers = sorted((peer.address for peer in spec.peers), key=lambda text: ipaddress.ip_address(text).packed)
    family = "ip6" if any(":" in address for address in peers) else "ip"
    port = {"payload": {"protocol": "udp", "field": "dport"}}
    source = {"payload": {"protocol": family, "field": "saddr"}}
    known = [{"match": {"op": "!=", "left": source, "right": {"set": peers}}}] if peers else []
    return [_equal(port, overlay.port(spec)), _equal(_VNI, overlay.vni(spec)), *known, {"drop": None}]


def _equal(left: Json, right: int) -> Json:
    return {"match": {"op": "==", "left": left, "right": right}}
