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


def rules(networks: Sequence[Network], contained: Sequence[Json]) -> list[list[Json]]:
    """Return what drops frames that containers of this host send it, and those of hosts that are no peers.

    `contained` matches what containers send to the host, which may have the address of a peer. Encrypted networks take
    no frames but by their own interface, and with EVPN it is FRR that knows which hosts take part.
    """
    open_ones = [network for network in networks if not overlay.encrypted(network.spec)]
    inside = [[*contained, *_frames(network), {"drop": None}] for network in open_ones if contained]
    return [*inside, *(_strangers(network) for network in open_ones if not overlay.by_evpn(network.spec))]


def _frames(network: Network) -> list[Json]:
    port = {"payload": {"protocol": "udp", "field": "dport"}}
    return [_equal(port, overlay.port(network.spec)), _equal(_VNI, overlay.vni(network.spec))]


def _strangers(network: Network) -> list[Json]:
    spec = network.spec
    peers = sorted((peer.address for peer in spec.peers), key=lambda text: ipaddress.ip_address(text).packed)
    family = "ip6" if any(":" in address for address in peers) else "ip"
    source = {"payload": {"protocol": family, "field": "saddr"}}
    known = [{"match": {"op": "!=", "left": source, "right": {"set": peers}}}] if peers else []
    return [*_frames(network), *known, {"drop": None}]


def _equal(left: Json, right: int) -> Json:
    return {"match": {"op": "==", "left": left, "right": right}}
