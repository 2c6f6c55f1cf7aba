"""What an overlay network writes into the kernel's tables."""

from __future__ import annotations

from runtime_lib.networks import fdb
from runtime_lib.networks.fdb import EVERYBODY, NEIGHBOUR, PORT, REMOTE, Change, Entry, Tunnel
from runtime_lib.networks.peers import Peer, Remote

WEB = Remote(("web",), "10.20.2.1", "02:42:0a:14:02:01")
ODD = Remote(("odd",), "10.20.2.2", "02:00:00:00:00:01")
B = Peer("b", "192.0.2.2", "10.20.2.0/24", "key", (WEB, ODD))
C = Peer("c", "192.0.2.3", "10.20.3.0/24")


def test_everybody_is_told_and_known_containers_are_found_without_asking() -> None:
    assert fdb.entries([B, C], encrypted=False) == {
        Entry(REMOTE, EVERYBODY, "192.0.2.2"),
        Entry(REMOTE, EVERYBODY, "192.0.2.3"),
        Entry(REMOTE, WEB.mac, "192.0.2.2"),
        Entry(PORT, WEB.mac),
        Entry(NEIGHBOUR, WEB.mac, "10.20.2.1"),
    }


def test_a_container_is_found_by_both_of_its_addresses() -> None:
    both = Remote(WEB.names, WEB.address, WEB.mac, "fd00:20::2:0:0:1")
    peer = Peer(B.name, B.address, B.slice, endpoints=(both,), slice6="fd00:20:0:0:2::/80")
    assert {entry for entry in fdb.entries([peer], encrypted=False) if entry.kind == NEIGHBOUR} == {
        Entry(NEIGHBOUR, WEB.mac, "10.20.2.1"),
        Entry(NEIGHBOUR, WEB.mac, "fd00:20::2:0:0:1"),
    }


def test_encrypted_frames_go_to_hosts_whose_key_is_known() -> None:
    assert fdb.tunnel_address(B.slice) == "fe80::a14:200"
    alike = {fdb.tunnel_address(f"fd00:20:0:{number}::/64") for number in (1, 2)}
    assert len(alike) == 2
    assert all(address.startswith("fe80::") for address in alike)
    assert {entry.address for entry in fdb.entries([B, C], encrypted=True) if entry.kind == REMOTE} == {"fe80::a14:200"}
    assert fdb.tunnels([B, C], 51820) == {Tunnel("key", "192.0.2.2", 51820, "fe80::a14:200")}


def test_a_change_touches_nothing_else() -> None:
    before, after = fdb.entries([B], encrypted=False), fdb.entries([B, C], encrypted=False)
    assert fdb.difference(after, before) == Change(new=(Entry(REMOTE, EVERYBODY, "192.0.2.3"),))
    assert fdb.difference(before, after) == Change(gone=(Entry(REMOTE, EVERYBODY, "192.0.2.3"),))
    assert not fdb.difference(after, after)


def test_a_peer_that_sends_from_another_address_is_no_damage() -> None:
    named, seen = (Tunnel("key", host, 51820, "fe80::1") for host in ("192.0.2.2", "192.0.2.9"))
    change = fdb.difference(frozenset(), frozenset(), frozenset([named]), frozenset([seen]))
    assert change == Change(moved=(named,))
    assert not change


def test_a_peer_whose_key_is_unknown_or_leads_elsewhere_is_opened() -> None:
    wanted = Tunnel("key", "192.0.2.2", 51820, "fe80::1")
    for present in (Tunnel("old", "192.0.2.2", 51820, "fe80::1"), Tunnel("key", "192.0.2.2", 51820, "fe80::9")):
        change = fdb.difference(frozenset(), frozenset(), frozenset([wanted]), frozenset([present]))
        assert change.opened == (wanted,)
        assert change.closed == (() if present.public_key == "key" else (present,))
