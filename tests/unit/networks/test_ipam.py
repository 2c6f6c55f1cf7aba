"""Which subnet and which address is given out."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime_lib.errors import AddressTaken, InvalidSpec
from runtime_lib.networks import ipam

SMALL = ipaddress.ip_network("10.9.0.0/28")


def ip(text: str) -> ipaddress.IPv4Address:
    return ipaddress.IPv4Address(text)


def nets(*texts: str) -> list[ipaddress.IPv4Network]:
    return [ipaddress.IPv4Network(text) for text in texts]


def test_the_default_bridge_has_dockers_subnet() -> None:
    assert str(ipam.free_subnet([], default_bridge=True)) == "172.17.0.0/16"
    assert str(ipam.free_subnet([])) == "172.18.0.0/16"


def test_subnets_in_use_are_avoided_whatever_their_size() -> None:
    assert str(ipam.free_subnet(nets("172.18.5.0/24", "172.16.0.0/14", "10.0.0.0/8"))) == "172.20.0.0/16"
    assert str(ipam.free_subnet(nets("172.16.0.0/12"))) == "192.168.0.0/20"


def test_no_subnet_is_left() -> None:
    with pytest.raises(AddressTaken, match="give a subnet"):
        ipam.free_subnet(nets("172.16.0.0/12", "192.168.0.0/16"))


def test_addresses_ascend_and_holes_are_filled() -> None:
    taken = {ip("10.9.0.1"), ip("10.9.0.2"), ip("10.9.0.4")}
    assert ipam.free_address([SMALL], [SMALL], taken) == ip("10.9.0.3")


def test_addresses_come_from_the_range() -> None:
    assert ipam.free_address([SMALL], [ipaddress.ip_network("10.9.0.8/30")], set()) == ip("10.9.0.8")


@given(st.sets(st.integers(0, 15)))
def test_only_free_addresses_of_hosts_are_given_out(offsets: set[int]) -> None:
    taken = {SMALL[offset] for offset in offsets}
    try:
        address = ipam.free_address([SMALL], [SMALL], taken)
    except AddressTaken:
        assert set(SMALL.hosts()) <= taken
    else:
        assert address in set(SMALL.hosts()) - taken


@pytest.mark.parametrize("text", ["10.10.0.1", "10.9.0.1", "10.9.0.0", "10.9.0.15"])
def test_addresses_that_no_container_may_have(text: str) -> None:
    with pytest.raises(InvalidSpec, match=text):
        ipam.check_requested(ip(text), SMALL, ip("10.9.0.1"))


def test_the_hardware_address_is_dockers() -> None:
    assert ipam.mac_of(ip("10.77.0.2")).hex(":") == "02:42:0a:4d:00:02"
