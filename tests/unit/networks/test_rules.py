"""The rules as text, and what the text lets through."""

from __future__ import annotations

import ipaddress
import json
from typing import Any

from runtime_lib.networks import options, rules
from runtime_lib.networks.model import Network, Published, Subnet
from runtime_lib.networks.spec import NetworkSpec


def network(bridge: str, subnet: str, internal: bool = False, **driver_options: str) -> Network:
    names = {options.BRIDGE_NAME: bridge, **{getattr(options, key): value for key, value in driver_options.items()}}
    pool = ipaddress.ip_network(subnet)
    return Network("ab" * 32, NetworkSpec(bridge, internal=internal, driver_options=names), (Subnet(pool, pool[1]),), 0)


def rules_of(commands: list[dict[str, Any]], chain: str) -> list[str]:
    found = [command["add"]["rule"] for command in commands if "rule" in command.get("add", {})]
    return [" ".join(words(part) for part in rule["expr"]) for rule in found if rule["chain"] == chain]


def words(part: dict[str, Any]) -> str:
    """Say a rule's part as nft's own language does, roughly."""
    (kind, value), *_ = part.items()
    if kind == "match":
        left = " ".join(str(word) for item in value["left"].values() for word in item.values())
        return f"{left} {'!= ' if value['op'] == '!=' else ''}{side(value['right'])}"
    if kind == "dnat":
        return f"dnat {value['family']} {value['addr']['map']['data']} {value['port']['map']['data']}"
    if kind == "snat":
        return f"snat {value['addr']}"
    return f"jump {value['target']}" if kind == "jump" else kind


def side(value: Any) -> str:
    if isinstance(value, dict):
        prefix = value.get("prefix")
        return f"{prefix['addr']}/{prefix['len']}" if prefix else "{" + ",".join(value["set"]) + "}"
    return ",".join(value) if isinstance(value, list) else str(value)


def test_the_forward_chain() -> None:
    commands = rules.ruleset("t", [network("a", "10.1.0.0/16"), network("b", "10.2.0.0/16", internal=True)], [])
    assert rules_of(commands, "forward") == [
        "jump user",
        "iifname a oifname a accept",
        "iifname b oifname b accept",
        "iifname b drop",
        "oifname b drop",
        "oifname {a,b} state established,related accept",
        "oifname {a,b} status dnat accept",
        "oifname {a,b} drop",
    ]


def test_neighbours_that_may_not_talk() -> None:
    commands = rules.ruleset("t", [network("a", "10.1.0.0/16", ENABLE_ICC="false")], [])
    assert rules_of(commands, "forward")[1] == "iifname a oifname a drop"


def test_translation_of_sources() -> None:
    one, two = network("a", "10.1.0.0/16"), network("b", "10.2.0.0/16", internal=True)
    assert rules_of(rules.ruleset("t", [one, two], []), "postrouting") == [
        "oifname a ip saddr 10.1.0.0/16 status dnat masquerade",
        "oifname a ip saddr 127.0.0.0/8 masquerade",
        "ip saddr 10.1.0.0/16 oifname != a masquerade",
    ]


def test_masquerading_is_an_option_and_may_have_an_address() -> None:
    off = rules.ruleset("t", [network("a", "10.1.0.0/16", ENABLE_MASQUERADE="false")], [])
    assert len(rules_of(off, "postrouting")) == 2
    fixed = rules.ruleset("t", [network("a", "10.1.0.0/16", HOST_ADDRESS="192.0.2.7")], [])
    assert rules_of(fixed, "postrouting")[-1] == "ip saddr 10.1.0.0/16 oifname != a snat 192.0.2.7"


def test_published_ports_are_looked_up() -> None:
    commands = rules.ruleset("t", [network("a", "10.1.0.0/16")], [])
    assert rules_of(commands, "ports") == [
        "nfproto ipv4 dnat ip @ports4_at_address @ports4_at_port",
        "nfproto ipv6 dnat ip6 @ports6_at_address @ports6_at_port",
        "nfproto ipv4 dnat ip @ports4_address @ports4_port",
        "nfproto ipv6 dnat ip6 @ports6_address @ports6_port",
    ]


def test_translation_of_ipv6_sources() -> None:
    both = network("a", "fd00:9::/64")
    assert rules_of(rules.ruleset("t", [both], []), "postrouting") == [
        "oifname a ip6 saddr fd00:9::/64 status dnat masquerade",
        "ip6 saddr fd00:9::/64 oifname != a masquerade",
    ]
    fixed = rules.ruleset("t", [network("a", "fd00:9::/64", HOST_ADDRESS6="2001:db8::7")], [])
    assert rules_of(fixed, "postrouting")[-1] == "ip6 saddr fd00:9::/64 oifname != a snat 2001:db8::7"


def test_nobody_but_the_host_reaches_its_loopback() -> None:
    commands = rules.ruleset("t", [network("a", "10.1.0.0/16")], [])
    assert rules_of(commands, "guard") == ["iifname {a} ip daddr 127.0.0.0/8 drop"]
    assert rules_of(commands, "prerouting")[0] == "ip daddr 127.0.0.0/8 return"


def test_the_administrators_chain_is_made_and_never_flushed() -> None:
    commands = rules.ruleset("t", [network("a", "10.1.0.0/16")], [])
    assert {"add": {"chain": {"family": "inet", "table": "t", "name": "user"}}} in commands
    flushed = [command["flush"]["chain"]["name"] for command in commands if "chain" in command.get("flush", {})]
    assert "user" not in flushed
    assert len(flushed) == 6
    assert not [command for command in commands if "delete" in command]


def test_the_same_state_gives_the_same_text() -> None:
    networks = [network("a", "10.1.0.0/16"), network("b", "10.2.0.0/16")]
    ports = [Published("tcp", "0.0.0.0", port, "10.1.0.2", port) for port in (3, 1, 2)]
    first = json.dumps(rules.ruleset("t", networks, ports))
    assert first == json.dumps(rules.ruleset("t", networks, ports[::-1]))


def test_hosts_ends_of_open_vswitch_lead_nowhere() -> None:
    internal = NetworkSpec("a", "openvswitch", internal=True)
    pool = ipaddress.ip_network("10.1.0.0/16")
    commands = rules.ruleset("t", [Network("ab" * 32, internal, (Subnet(pool, pool[1]),), 0)], [])
    assert rules_of(commands, "guard")[-1] == "iifname sv* drop"
    assert "iifname sv* drop" not in rules_of(rules.ruleset("t", [network("a", "10.1.0.0/16")], []), "guard")
