"""What the LAN sees of containers, by the kernel of Debian 12: VLANs, ipvlan and dummy interfaces are modules there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support import vmguest
from tests.support.netlab import UNREACHABLE

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


@pytest.fixture(scope="module")
def seen() -> Iterator[dict[str, Any]]:
    """What the guest has seen."""
    with vmguest.running("lan") as guest:
        guest.send(lambda tar: vmguest.add_sources(tar, "tests/support"))
        yield guest.answer("lan")


def test_a_vlan_is_made_seen_on_the_wire_and_removed(seen: dict[str, Any]) -> None:
    assert seen["vlan"] == {"id": True, "answer": True, "tags": [10], "left": []}


def test_the_last_network_takes_the_vlan_away(seen: dict[str, Any]) -> None:
    assert seen["shared_vlan"] == {"kept": True, "made": True, "address": "10.9.0.2", "left": []}


def test_a_vlan_of_the_administrator_stays(seen: dict[str, Any]) -> None:
    found = seen["own_vlan"]
    assert found["left"] == []
    assert found["twice"].startswith("Conflict: network lan: wire has an interface of VLAN 30 of another name")
    assert found["names"] == ["host", "none"]


def test_kill_at_any_step_leaves_nothing(seen: dict[str, Any]) -> None:
    assert seen["killed"]["left"] == []
    assert seen["killed"]["points"] >= 4


def test_a_network_without_parent(seen: dict[str, Any]) -> None:
    found = seen["dummy"]
    assert found["answer"] == "10.9.0.2 two"
    assert [name.partition("@")[0] for name in found["made"]] == found["expected"]
    assert found["left"] == []


def test_ipvlan_l2(seen: dict[str, Any]) -> None:
    found = seen["l2"]
    assert found["address"] == "192.0.2.128"
    assert found["route"].startswith("default via 192.0.2.2 dev eth0")
    assert (found["neighbour"], found["outside"]) == ("192.0.2.128 two", "192.0.2.2 two")
    assert found["same_mac"]
    assert set(found["inspect"]) == {""}
    assert "ipvlan  mode l2" in found["mode"]
    assert found["host"] in UNREACHABLE
    assert found["after"] == "192.0.2.129"


def test_ipvlan_private(seen: dict[str, Any]) -> None:
    assert seen["l2_flags"]["neighbour"] in UNREACHABLE
    assert seen["l2_flags"]["outside"] == "192.0.2.2 two"


@pytest.mark.parametrize("mode", ["l3", "l3s"])
def test_ipvlan_routed_by_the_host(seen: dict[str, Any], mode: str) -> None:
    found = seen[mode]
    assert found["route"].split() == ["default", "dev", "eth0", "scope", "link"]
    assert found["neighbour"] == "10.9.0.2 two"
    assert found["outside"] == "192.0.2.2 two"
    assert found["world"] == "10.9.0.2 world"
    assert f"mode {mode} " in found["mode"]


def test_what_one_parent_cannot_be(seen: dict[str, Any]) -> None:
    found = seen["refused"]
    assert "wire is used by network lan with l2 bridge; all ipvlan networks on it have the same mode" in found["mixed"]
    assert found["other"].startswith("InUse: network far: wire is the parent of the ipvlan network lan")
    assert found["far"] == "10.9.0.2"


def test_ipvlan_with_ipv6(seen: dict[str, Any]) -> None:
    assert seen["ipv6"]["route"].startswith("default dev eth0")
    assert seen["ipv6"]["answer"] == "fd00:5::2 web"


def test_an_address_is_free_again_at_once(seen: dict[str, Any]) -> None:
    assert seen["comes_back"] == ["refused"] * 6
