"""The part `NetworkSettings` of `docker inspect`."""

from __future__ import annotations

from ..store import Store
from . import wiring
from .catalog import Container

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from ..monitor.state import State
    from ..networks.model import Endpoint
    from .parts import Attachment


_STRINGS = ("EndpointID", "Gateway", "GlobalIPv6Address", "IPAddress", "IPv6Gateway", "MacAddress")
_NUMBERS = ("GlobalIPv6PrefixLen", "IPPrefixLen")


def network_settings(store: Store, container: Container, endpoints: Sequence[Endpoint], state: State) -> dict[str, Any]:
    """Return addresses, ports and networks; of a container that does not run, the networks that it will join."""
    bridge = next((endpoint for endpoint in endpoints if endpoint.network.name == "bridge"), None)
    return {
        "Bridge": "",
        "SandboxID": container.id if endpoints else "",
        "HairpinMode": False,
        "LinkLocalIPv6Address": "",
        "LinkLocalIPv6PrefixLen": 0,
        "Ports": ports(store, container),
        "SandboxKey": f"/proc/{state.process.pid}/ns/net" if state.process else "",
        "SecondaryIPAddresses": None,
        "SecondaryIPv6Addresses": None,
        **_addresses(bridge),
        "Networks": _networks(container, endpoints, _ids(store) if state.started else {}),
    }


def _addresses(endpoint: Endpoint | None) -> dict[str, Any]:
    if endpoint is None:
        return {**dict.fromkeys(_STRINGS, ""), **dict.fromkeys(_NUMBERS, 0)}
    return {
        "EndpointID": endpoint.id,
        "Gateway": str(endpoint.gateway(4) or ""),
        "GlobalIPv6Address": str(endpoint.ipv6 or ""),
        "GlobalIPv6PrefixLen": endpoint.prefix_length(6),
        "IPAddress": str(endpoint.ipv4 or ""),
        "IPPrefixLen": endpoint.prefix_length(4),
        "IPv6Gateway": str(endpoint.gateway(6) or ""),
        "MacAddress": endpoint.mac,
    }


def _ids(store: Store) -> dict[str, str]:
    return {row["name"]: row["id"] for row in store.query("SELECT name, id FROM networks")}


def _networks(container: Container, endpoints: Sequence[Endpoint], known: dict[str, str]) -> dict[str, Any]:
    """Return each network; `known` has the ids of networks that a container which has ended was on."""
    given = {entry.name: entry for entry in container.spec.networks}
    names = [wish.network for wish in wiring.attachments(container.spec)] or _alone(container)
    present = {endpoint.network.name: endpoint for endpoint in endpoints}
    ids = {endpoint.network.id: endpoint.network.name for endpoint in endpoints}
    result = {}
    for wished in names:
        name = ids.get(wished, "bridge" if wished == "default" else wished)
        links = container.spec.links if wished == container.spec.network_mode != "bridge" else ()
        result[name] = _network(container, given.get(wished), present.get(name), known.get(name, ""), links)
    return result


def _alone(container: Container) -> list[str]:
    mode = container.spec.network_mode
    return [mode] if mode in ("none", "host") else []


def _network(
    container: Container, given: Attachment | None, endpoint: Endpoint | None, known: str, links: Sequence[str]
) -> dict[str, Any]:
    wanted = {
        "IPv4Address": given.ipv4_address if given else None,
        "IPv6Address": given.ipv6_address if given else None,
        "LinkLocalIPs": list(given.link_local_ips) if given else None,
    }
    asked = {key: value for key, value in wanted.items() if value}
    aliases = list(given.aliases) if given else []
    own_names = bool(endpoint and endpoint.network.has_names)
    return {
        "IPAMConfig": asked or None,
        "Links": [*links, *(given.links if given else ())] or None,
        "Aliases": [*aliases, *([container.id[:12]] if own_names else [])] or None,
        "NetworkID": endpoint.network.id if endpoint else known,
        **_addresses(endpoint),
        "DriverOpts": (given.driver_opts if given else None) or None,
    }


def ports(store: Store, container: Container) -> dict[str, Any]:
    """Return {"80/tcp": [{"HostIp": ..., "HostPort": ...}]}; None for a port that is exposed and leads nowhere."""
    result: dict[str, Any] = {}
    order = "container_port, protocol, host_port, host_ip"
    rows = store.query(f"SELECT * FROM ports WHERE container_id = ? ORDER BY {order}", (container.id,))
    if rows:
        for text in wiring.exposed(store, container):
            result[text if "/" in text else f"{text}/tcp"] = None
    for row in rows:
        key = f"{row['container_port']}/{row['protocol']}"
        result[key] = [*(result.get(key) or []), {"HostIp": row["host_ip"], "HostPort": str(row["host_port"])}]
    return result
