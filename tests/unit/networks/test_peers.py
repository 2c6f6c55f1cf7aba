"""The peers of an overlay network."""

from __future__ import annotations

import ipaddress
from typing import Any

import pytest

from runtime_lib.errors import InvalidSpec
from runtime_lib.jsontext import compact, parse
from runtime_lib.networks import peers
from runtime_lib.networks.peers import Peer, Remote
from runtime_lib.records import asdict

SUBNET, OWN = ipaddress.ip_network("10.20.0.0/16"), ipaddress.ip_network("10.20.1.0/24")
KEY = "A" * 43 + "="
WEB = {"names": ["web", "www", "web"], "address": "10.20.2.1", "mac": "02:42:0A:14:02:01"}
B: dict[str, Any] = {"name": "b", "address": "192.0.2.2", "slice": "10.20.2.0/24"}
C: dict[str, Any] = {"name": "c", "address": "192.0.2.3", "slice": "10.20.3.0/24"}


def checked(*entries: dict[str, Any]) -> tuple[Peer, ...]:
    found = peers.from_options("mesh", entries)
    peers.check("mesh", {4: (SUBNET, OWN)}, found)
    return found


def test_peers_come_in_one_order_and_one_form() -> None:
    found = checked({**C, "address": "192.0.2.3"}, {**B, "endpoints": [WEB], "public_key": KEY}, {**C, **_other(9)})
    assert [peer.name for peer in found] == ["192.0.2.9", "b", "c"]
    assert found[1].endpoints == (Remote(("web", "www"), "10.20.2.1", "02:42:0a:14:02:01"),)
    assert peers.from_json(parse(compact([asdict(peer) for peer in found]))) == found
    assert peers.shown(found[2:]) == {
        "c": {"address": "192.0.2.3", "slice": "10.20.3.0/24", "public_key": "", "endpoints": None, "slice6": ""}
    }


def test_without_ipv4_the_slice_is_of_ipv6() -> None:
    subnets = {6: (ipaddress.ip_network("fd00:20::/64"), ipaddress.ip_network("fd00:20:0:0:1::/80"))}
    remote = {"names": ["web"], "address": "fd00:20::2:0:0:1", "mac": "02:00:00:00:00:01"}
    six = {**B, "slice": "fd00:20:0:0:2::/80", "endpoints": [remote]}
    peers.check("mesh", subnets, peers.from_options("mesh", [six]))
    for entry, words in (
        (B, "slice 10.20.2.0/24 of peer b is not inside fd00:20::/64"),
        ({**six, "slice6": "fd00:20:0:0:3::/80"}, "has no IPv4: give as slice what is slice6"),
        ({**six, "slice": "fd00:20:0:0:1::/80"}, "overlaps with fd00:20:0:0:1::/80 of this host"),
    ):
        with pytest.raises(InvalidSpec, match=words):
            peers.check("mesh", subnets, peers.from_options("mesh", [entry]))


def _other(number: int) -> dict[str, str]:
    return {"name": "", "address": f"192.0.2.{number}", "slice": f"10.20.{number}.0/24"}


def test_what_nobody_says_stays_as_it_was() -> None:
    before = checked({**B, "endpoints": [WEB], "public_key": KEY}, C)
    assert peers.merged(checked(B, C), before) == before
    assert peers.merged(checked({**B, "endpoints": []}), before)[0].endpoints == ()
    moved = checked({**B, "address": "192.0.2.200"})
    assert peers.merged(moved, before) == moved


@pytest.mark.parametrize(
    ("entries", "word"),
    [
        ([B, {**C, "address": "192.0.2.2"}], "two peers have the address 192.0.2.2"),
        ([B, {**C, "name": "b"}], "two peers have the name b"),
        ([{**B, "public_key": KEY}, {**C, "public_key": KEY}], "two peers have the public_key"),
        ([B, {**C, "address": "2001:db8::3"}], "IPv4 and IPv6"),
        ([{**B, "slice": "10.21.2.0/24"}], "10.21.2.0/24 of peer b is not inside 10.20.0.0/16"),
        ([{**B, "slice": "fd00::/64"}], "is not inside"),
        ([{**B, "slice": "10.20.0.0/23"}], "overlaps with 10.20.1.0/24 of this host"),
        ([B, {**C, "slice": "10.20.2.128/25"}], "overlaps with 10.20.2.0/24 of peer b"),
        ([{**B, "slice": "10.20.2.1/24"}], "is not a subnet"),
        ([{**B, "address": "b.example.org"}], "is not an IP address"),
        ([{**B, "name": "b\n"}], "name of a peer"),
        ([{**B, "public_key": "short"}], "not a WireGuard key"),
        ([{**B, "public_key": "\u00e9"}], "not a WireGuard key"),
        ([{**B, "endpoints": [{**WEB, "address": "10.20.3.1"}]}], "not inside its slice"),
        ([{**B, "endpoints": [{**WEB, "mac": "03:42:0a:14:02:01"}]}], "not the MAC address of one interface"),
        ([{**B, "endpoints": [{**WEB, "names": ["a b"]}]}], "peer b: endpoint 'a b'"),
    ],
)
def test_peers_that_make_no_sense(entries: list[dict[str, Any]], word: str) -> None:
    with pytest.raises(InvalidSpec, match=word):
        checked(*entries)


SUBNETS = {
    4: (SUBNET, OWN),
    6: (ipaddress.ip_network("fd00:20::/64"), ipaddress.ip_network("fd00:20:0:0:1::/80")),
}


def test_slices_of_ipv6() -> None:
    web = {"address": "10.20.2.1", "address6": "FD00:20:0:0:2:0:0:1", "mac": "02:42:0a:14:02:01"}
    told = peers.from_options("mesh", [{**_other(2), "slice6": "fd00:20:0:0:2::/80", "endpoints": [web]}])
    peers.check("mesh", SUBNETS, told)
    assert told[0].endpoints is not None
    assert (told[0].slice6, told[0].endpoints[0].address6) == ("fd00:20:0:0:2::/80", "fd00:20::2:0:0:1")
    peers.check("mesh", SUBNETS, peers.from_options("mesh", [_other(2)]))


@pytest.mark.parametrize(
    ("more", "word"),
    [
        ({"slice6": "fd00:20:0:0:1::/80"}, "overlaps with fd00:20:0:0:1::/80 of this host"),
        ({"slice6": "fd00:21::/80"}, "is not inside fd00:20::/64"),
        ({"slice6": "10.20.3.0/24"}, "not an IPv6 subnet"),
        ({"endpoints": [{"address": "10.20.2.1", "address6": "fd00:20::9", "mac": "02:42:0a:14:02:01"}]}, "its slice"),
    ],
)
def test_slices_of_ipv6_that_make_no_sense(more: dict[str, Any], word: str) -> None:
    with pytest.raises(InvalidSpec, match=word):
        peers.check("mesh", SUBNETS, peers.from_options("mesh", [{**_other(2), **more}]))


def test_a_slice_of_ipv6_on_a_network_without() -> None:
    with pytest.raises(InvalidSpec, match="has no IPv6: leave the slice"):
        checked({**_other(2), "slice6": "fd00:20:0:0:2::/80"})
