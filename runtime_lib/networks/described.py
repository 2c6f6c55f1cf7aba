"""What `docker network inspect` tells of a network."""

from __future__ import annotations

from datetime import datetime, timezone

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from .model import Endpoint, Network
    from .peers import Peer
    from .spec import SubnetSpec


def described(network: Network, members: Iterable[Endpoint]) -> dict[str, Any]:
    """Return what is known of a network and of the containers on it, under Docker's names. Pure."""
    created = datetime.fromtimestamp(network.created // 10**9, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")
    return {
        "Name": network.name,
        "Id": network.id,
        "Created": f"{created}.{network.created % 10**9:09d}Z",
        "Scope": "local",
        "Driver": network.driver,
        "EnableIPv6": network.spec.enable_ipv6,
        "IPAM": _ipam(network),
        "Internal": network.internal,
        "Attachable": network.spec.attachable,
        "Ingress": False,
        "ConfigFrom": {"Network": network.spec.config_from},
        "ConfigOnly": network.spec.config_only,
        "Containers": {endpoint.container_id: _container(endpoint) for endpoint in members},
        "Options": dict(network.spec.driver_options),
        "Labels": dict(network.spec.labels),
        **_peers(network),
    }


def _peers(network: Network) -> dict[str, Any]:
    found = [{"Name": peer.name, "IP": peer.address, **_more(peer)} for peer in network.spec.peers]
    return {"Peers": found} if found else {}


def _more(peer: Peer) -> dict[str, str]:
    """Return what Docker has no words for."""
    more = {"Slice": peer.slice, "Slice6": peer.slice6, "PublicKey": peer.public_key}
    return {key: text for key, text in more.items() if text}


def _ipam(network: Network) -> dict[str, Any]:
    config = [_config(subnet) for subnet in network.subnet_specs]
    return {"Driver": "default", "Options": dict(network.spec.ipam_options), "Config": config}


def _config(subnet: SubnetSpec) -> dict[str, Any]:
    entry: dict[str, Any] = {"Subnet": subnet.subnet}
    if subnet.ip_range:
        entry["IPRange"] = subnet.ip_range
    if subnet.gateway:
        entry["Gateway"] = subnet.gateway
    if subnet.aux_addresses:
        entry["AuxiliaryAddresses"] = dict(subnet.aux_addresses)
    return entry


def _container(endpoint: Endpoint) -> dict[str, str]:
    return {
        "Name": endpoint.names[0],
        "EndpointID": endpoint.id,
        "MacAddress": endpoint.mac,
        "IPv4Address": f"{endpoint.ipv4}/{endpoint.prefix_length(4)}" if endpoint.ipv4 else "",
        "IPv6Address": f"{endpoint.ipv6}/{endpoint.prefix_length(6)}" if endpoint.ipv6 else "",
    }
