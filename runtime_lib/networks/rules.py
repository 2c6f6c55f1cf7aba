"""The nftables rules of all networks and published ports. Pure: store rows in, libnftables-json(5) commands out.

What they let through is what Docker lets through: a container reaches the world and its neighbours; the world reaches
published ports by an address of the host, never a container's own address; networks do not reach each other, except by
published ports; nothing enters or leaves an internal network.
"""

from __future__ import annotations

from . import driver, portmaps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from .model import Network, Published, Subnet

    Json = dict[str, Any]

USER = "user"  # the administrator's chain

# priorities as `nft` names them: raw -300, dstnat -100, filter 0, srcnat 100
_BASE_CHAINS = {
    "guard": ("filter", "prerouting", -300),
    "prerouting": ("nat", "prerouting", -100),
    "output": ("nat", "output", -100),
    "forward": ("filter", "forward", 0),
    "postrouting": ("nat", "postrouting", 100),
}
_LOOPBACK: Json = {"prefix": {"addr": "127.0.0.0", "len": 8}}


def ruleset(table: str, networks: Sequence[Network], ports: Sequence[Published]) -> list[Json]:
    """Return the commands that replace all rules of `inet <table>`, for one transaction.

    The chain `USER` is made if it is missing and never touched again: what an administrator adds to it comes first for
    every forwarded packet, and stays.
    """
    bridged = [network for network in networks if network.hosted]
    commands: list[Json] = [{"add": {"table": {"family": "inet", "name": table}}}]
    for name in (USER, "ports", *_BASE_CHAINS):
        commands.append({"add": {"chain": _chain(table, name)}})
    for name in ("ports", *_BASE_CHAINS):
        commands.append({"flush": {"chain": {"family": "inet", "table": table, "name": name}}})
    commands += portmaps.contents(table, ports)
    rules = [("forward", [_jump(USER)]), *_translation(bridged), *_filters(bridged)]
    rules += [("guard", expressions) for expressions in _guards(networks)]
    for chain, expressions in rules:
        rule = {"family": "inet", "table": table, "chain": chain, "expr": expressions}
        commands.append({"add": {"rule": rule}})
    return commands


def removal(table: str) -> list[Json]:
    """Return the commands after which there is no table of that name, whether there was one or not."""
    name = {"table": {"family": "inet", "name": table}}
    return [{"add": name}, {"delete": name}]


def _chain(table: str, name: str) -> Json:
    chain: Json = {"family": "inet", "table": table, "name": name}
    if name in _BASE_CHAINS:
        kind, hook, priority = _BASE_CHAINS[name]
        chain.update({"type": kind, "hook": hook, "prio": priority, "policy": "accept"})
    return chain


def _translation(networks: Sequence[Network]) -> list[tuple[str, list[Json]]]:
    local = {"match": {"op": "==", "left": {"fib": {"result": "type", "flags": ["daddr"]}}, "right": "local"}}
    rules: list[tuple[str, list[Json]]] = [
        # Otherwise a neighbour of the host could reach ports published on 127.0.0.1: translation is before routing.
        ("prerouting", [_address(4, "daddr", _LOOPBACK), {"return": None}]),
        ("prerouting", [local, _jump("ports")]),
        # The kernel drops answers to ::1 that come by an interface, so such a connection is refused at once instead.
        ("output", [_address(6, "daddr", "::1"), {"return": None}]),
        ("output", [local, _jump("ports")]),
    ]
    rules += [("ports", expressions) for expressions in portmaps.rules()]
    for network in networks:
        for subnet in network.subnets:
            rules += [("postrouting", expressions) for expressions in _masquerade(network, subnet)]
    return rules


def _masquerade(network: Network, subnet: Subnet) -> list[list[Json]]:
    if network.internal:
        return []
    version, pool = subnet.network.version, subnet.network
    source = _address(version, "saddr", {"prefix": {"addr": str(pool.network_address), "len": pool.prefixlen}})
    out = _match({"meta": {"key": "oifname"}}, network.bridge)
    # Answers must come back through the host: from a neighbour by the host's address, and from the host's loopback.
    rules = [[out, source, _translated(), {"masquerade": None}]]
    if version == 4:
        rules.append([out, _address(4, "saddr", _LOOPBACK), {"masquerade": None}])
    if network.masquerade:
        elsewhere = _match({"meta": {"key": "oifname"}}, network.bridge, "!=")
        host = network.host_address(version)
        change: Json = {"snat": {"family": _family(version), "addr": host}} if host else {"masquerade": None}
        rules.append([source, elsewhere, change])
    return rules


def _filters(networks: Sequence[Network]) -> list[tuple[str, list[Json]]]:
    if not networks:
        return []
    names = {"set": sorted(network.bridge for network in networks)}
    into = _match({"meta": {"key": "oifname"}}, names)
    known = {"match": {"op": "in", "left": {"ct": {"key": "state"}}, "right": ["established", "related"]}}
    rules: list[tuple[str, list[Json]]] = [
        # route_localnet makes the host listen to these; before connection tracking, where answers are still disguised.
        ("guard", [_match({"meta": {"key": "iifname"}}, names), _address(4, "daddr", _LOOPBACK), {"drop": None}]),
    ]
    for network in networks:
        rules += [("forward", expressions) for expressions in _own(network)]
    rules += [("forward", [into, known, {"accept": None}]), ("forward", [into, _translated(), {"accept": None}])]
    return [*rules, ("forward", [into, {"drop": None}])]


def _guards(networks: Sequence[Network]) -> list[list[Json]]:
    found, contained = [], _contained(networks)
    for name in sorted({network.driver for network in networks}):
        found += driver.of(name).guards([network for network in networks if network.driver == name], contained)
    return found


def _contained(networks: Sequence[Network]) -> list[Json]:
    """Return what matches packets of containers to the host; by a bridge that was there other machines come as well."""
    names = sorted(network.bridge for network in networks if network.hosted and not network.spec.adopted)
    comes = _match({"meta": {"key": "iifname"}}, {"set": names})
    local = _match({"fib": {"result": "type", "flags": ["daddr"]}}, "local")
    return [comes, local] if names else []


def _own(network: Network) -> list[list[Json]]:
    """Return what holds inside a network, and at the border of an internal one."""
    comes = _match({"meta": {"key": "iifname"}}, network.bridge)
    goes = _match({"meta": {"key": "oifname"}}, network.bridge)
    rules = [[comes, goes, {"accept" if network.icc else "drop": None}]]
    if network.internal:
        rules += [[comes, {"drop": None}], [goes, {"drop": None}]]
    return rules


def _match(left: Json, right: object, op: str = "==") -> Json:
    return {"match": {"op": op, "left": left, "right": right}}


def _address(version: int, field: str, right: object) -> Json:
    return _match({"payload": {"protocol": _family(version), "field": field}}, right)


def _family(version: int) -> str:
    return "ip" if version == 4 else "ip6"


def _translated() -> Json:
    return {"match": {"op": "in", "left": {"ct": {"key": "status"}}, "right": "dnat"}}


def _jump(chain: str) -> Json:
    return {"jump": {"target": chain}}
