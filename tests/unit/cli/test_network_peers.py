"""Peers as options say them."""

from __future__ import annotations

import pytest

from runtime_lib.cli import network_peers
from runtime_lib.errors import InvalidSpec
from runtime_lib.networks.peers import Peer, Remote

KEY = "A" * 43 + "="
B = Peer("b", "192.0.2.2", "10.20.2.0/24", KEY, (Remote(("web",), "10.20.2.1", "02:42:0a:14:02:01"),))


def test_all_parts() -> None:
    (found,) = network_peers.parsed("mesh", [f"b=192.0.2.2/10.20.2.0/24,slice6=fd00:20:0:0:2::/80,key={KEY}"])
    assert found == Peer("b", "192.0.2.2", "10.20.2.0/24", KEY, slice6="fd00:20:0:0:2::/80")
    (found,) = network_peers.parsed("mesh", ["c=2001:db8::3/10.20.3.0/24"])
    assert found == Peer("c", "2001:db8::3", "10.20.3.0/24")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("b", "write it as NAME=ADDRESS/SLICE"),
        ("=192.0.2.2/10.20.2.0/24", "write it as NAME=ADDRESS/SLICE"),
        ("b=192.0.2.2", "write it as NAME=ADDRESS/SLICE"),
        ("b=192.0.2.2/24,10.20.2.0/24", "neither slice6=SUBNET nor key=KEY"),
        ("b=192.0.2.2/wide", "slice 'wide' is not a subnet"),
        ("b=192.0.2.2/10.20.2.0/24,key=short", "is not a WireGuard key"),
    ],
)
def test_what_is_no_peer(text: str, words: str) -> None:
    with pytest.raises(InvalidSpec, match=words):
        network_peers.parsed("mesh", [text])


def test_what_is_known_stays() -> None:
    other, again = network_peers.parsed("mesh", ["b=192.0.2.2/10.20.2.0/24", "a=192.0.2.1/10.20.1.0/24"])
    assert network_peers.changed([B], [again, other], []) == (other, B)
    moved = network_peers.parsed("mesh", ["b=192.0.2.9/10.20.2.0/24"])
    assert network_peers.changed([B], moved, []) == moved
    assert network_peers.changed([B, other], [], ["a"]) == (B,)
    with pytest.raises(InvalidSpec, match="there is no peer c; the peers are b"):
        network_peers.changed([B], [], ["c"])
