"""Who may send frames into overlay networks."""

from __future__ import annotations

import ipaddress

from runtime_lib.networks import overlay_rules
from runtime_lib.networks.model import Network, Subnet
from runtime_lib.networks.peers import Peer
from runtime_lib.networks.spec import NetworkSpec, SubnetSpec


def network(*peers: str, **options: str) -> Network:
    subnet = SubnetSpec("10.20.0.0/16", ip_range="10.20.1.0/24")
    found = tuple(Peer(f"p{number}", address, f"10.20.{number}.0/24") for number, address in enumerate(peers, 2))
    spec = NetworkSpec("mesh", "overlay", (subnet,), driver_options={"vni": "42", **options}, peers=found)
    return Network(
        "a" * 64, spec, (Subnet(ipaddress.ip_network("10.20.0.0/16"), ipaddress.ip_address("10.20.1.0")),), 0
    )


def test_only_peers() -> None:
    (rule,) = overlay_rules.rules([network("192.0.2.10", "192.0.2.9", port="4790")], [])
    port, number, source, verdict = rule
    assert (port["match"]["right"], number["match"]["right"], verdict) == (4790, 42, {"drop": None})
    assert source["match"]["left"] == {"payload": {"protocol": "ip", "field": "saddr"}}
    assert (source["match"]["op"], source["match"]["right"]) == ("!=", {"set": ["192.0.2.9", "192.0.2.10"]})


def test_hosts_with_ipv6_addresses() -> None:
    (rule,) = overlay_rules.rules([network("2001:db8::2")], [])
    assert rule[2]["match"]["left"]["payload"]["protocol"] == "ip6"


def test_without_peers_there_is_nobody_to_take_frames_from() -> None:
    (rule,) = overlay_rules.rules([network()], [])
    assert [list(one) for one in rule] == [["match"], ["match"], ["drop"]]


def test_encrypted_networks_need_no_rule_and_those_of_evpn_know_no_peers() -> None:
    assert overlay_rules.rules([network("192.0.2.9", encrypted="true"), network(control="evpn")], []) == []


def test_no_container_sends_frames_to_its_host() -> None:
    contained = {"match": "what containers send"}
    (rule,) = overlay_rules.rules([network("192.0.2.9", encrypted="true"), network(control="evpn")], [contained])
    assert rule[0] == contained
    assert [one["match"]["right"] for one in rule[1:3]] == [4789, 42]
    assert rule[3] == {"drop": None}
