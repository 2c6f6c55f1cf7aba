"""The hosts of an overlay network, from variables of an inventory."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from collection.plugins.plugin_utils import overlay

SUBNET = "10.20.0.0/16"
HOSTVARS: dict[str, dict[str, Any]] = {
    "a": {"ansible_default_ipv4": {"address": "192.0.2.11"}},
    "b": {"skiff_overlay_address": "192.0.2.12", "ansible_host": "203.0.113.1", "skiff_overlay_slice": "7"},
    "c": {"ansible_host": "192.0.2.13", "skiff_overlay_slice": "10.20.128.0/17"},
    "named": {"ansible_host": "node.example.org"},
}


def test_a_slice_is_the_hosts_own_whoever_else_is_there() -> None:
    every = overlay.slices(["a", "b", "c"], HOSTVARS, SUBNET, 24)
    assert {host: str(part) for host, part in every.items()} == {
        "a": "10.20.11.0/24",
        "b": "10.20.7.0/24",
        "c": "10.20.128.0/17",
    }
    assert overlay.slices(["b"], HOSTVARS, SUBNET, 24) == {"b": every["b"]}


def test_peers_are_all_others_with_what_they_have_told() -> None:
    endpoints = [{"names": ["web"], "address": "10.20.7.1", "mac": "02:42:0a:14:07:01"}]
    told = {"network": {}, "overlay": {"public_key": "k", "endpoints": endpoints}}
    hostvars = {**HOSTVARS, "b": {**HOSTVARS["b"], "mesh": told}, "c": {**HOSTVARS["c"], "mesh": {"skipped": True}}}
    assert overlay.peers(["a", "b", "c"], hostvars, "a", SUBNET, 24, "mesh") == [
        {
            "name": "b",
            "address": "192.0.2.12",
            "slice": "10.20.7.0/24",
            "public_key": "k",
            "endpoints": endpoints,
        },
        {"name": "c", "address": "192.0.2.13", "slice": "10.20.128.0/17"},
    ]
    assert overlay.peers(["a", "b"], hostvars, "a", SUBNET, 24, "")[0].keys() == {"name", "address", "slice"}


def test_slices_of_ipv6() -> None:
    hostvars = {**HOSTVARS, "c": {**HOSTVARS["c"], "skiff_overlay_slice6": "fd00:20:0:0:8000::/66"}}
    every = overlay.slices(["a", "b", "c"], hostvars, "fd00:20::/64")
    assert {host: str(part) for host, part in every.items()} == {
        "a": "fd00:20:0:0:20b::/80",
        "b": "fd00:20:0:0:20c::/80",
        "c": "fd00:20:0:0:8000::/66",
    }
    (peer,) = overlay.peers(["a", "b"], hostvars, "a", SUBNET, 24, "", "fd00:20::/64")
    assert (peer["slice"], peer["slice6"]) == ("10.20.7.0/24", "fd00:20:0:0:20c::/80")


def test_peers_without_ipv4() -> None:
    found = overlay.peers(
        ["a", "named", "b"], {**HOSTVARS, "named": {"ansible_host": "2001:db8::7"}}, "b", "fd00:20::/64", 0, ""
    )
    assert [(peer["name"], peer["slice"]) for peer in found] == [
        ("a", "fd00:20:0:0:20b::/80"),
        ("named", "fd00:20:0:0:7::/80"),
    ]


@pytest.mark.parametrize(
    ("hosts", "changes", "subnet", "prefix", "word"),
    [
        (["a", "b"], {"b": {"skiff_overlay_slice": 11}}, SUBNET, 24, "a has 10.20.11.0/24; set skiff_overlay_slice"),
        (["b"], {"b": {"skiff_overlay_slice": 256}}, SUBNET, 24, "slices 0 to 255, and no 256"),
        (["b"], {"b": {"skiff_overlay_slice": "many"}}, SUBNET, 24, "neither a number nor a subnet"),
        (["b"], {"b": {"skiff_overlay_slice": "10.21.0.0/24"}}, SUBNET, 24, "not inside 10.20.0.0/16"),
        (["named"], {}, SUBNET, 24, "no address of named is known"),
        (["b"], {"b": {"skiff_overlay_address": "b.example.org"}}, SUBNET, 24, "is not an IP address"),
        (["a"], {}, SUBNET, 16, "from 17 to 30"),
        (["a"], {}, "10.20.0.1/16", 24, "not a subnet such as"),
        (["a"], {}, "fd00:20::/64", 64, "from 65 to 126"),
        (["a"], {"a": {"skiff_overlay_slice6": "10.20.7.0/24"}}, "fd00:20::/64", 80, "not inside fd00:20::/64"),
        (["a", "b"], {"b": {"skiff_overlay_slice6": 523}}, "fd00:20::/64", 80, "set skiff_overlay_slice6 of one"),
    ],
)
def test_what_makes_no_network(hosts: list[str], changes: dict[str, Any], subnet: str, prefix: int, word: str) -> None:
    hostvars = {host: {**values, **changes.get(host, {})} for host, values in HOSTVARS.items()}
    with pytest.raises(AnsibleFilterError, match=word):
        overlay.peers(hosts, hostvars, "", subnet, prefix, "")
