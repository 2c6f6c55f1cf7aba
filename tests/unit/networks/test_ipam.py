"""Which subnet and which address is given out."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime_lib.errors import AddressTaken, InvalidSpec
from runtime_lib.networks import ipam, pools

SMALL = ipaddress.ip_network("10.9.0.0/28")


def ip(text: str) -> ipaddress.IPv4Address:
    return ipaddress.IPv4Address(text)


def nets(*texts: str) -> list[ipaddress.IPv4Network]:
    return [ipaddress.IPv4Network(text) for text in texts]


V4 = pools.of_version((), 4)


def pool(base: str, size: int) -> pools.Pool:
    return pools.Pool(ipaddress.ip_network(base), size)


def test_the_default_bridge_has_dockers_subnet() -> None:
    assert str(ipam.free_subnet(V4, [], default_bridge=True)) == "172.17.0.0/16"
    assert str(ipam.free_subnet(V4, [])) == "172.18.0.0/16"


def test_subnets_in_use_are_avoided_whatever_their_size() -> None:
    assert str(ipam.free_subnet(V4, nets("172.18.5.0/24", "172.16.0.0/14", "10.0.0.0/8"))) == "172.20.0.0/16"
    assert str(ipam.free_subnet(V4, nets("172.16.0.0/12"))) == "192.168.0.0/20"


def test_no_subnet_is_left() -> None:
    with pytest.raises(AddressTaken, match="give a subnet"):
        ipam.free_subnet(V4, nets("172.16.0.0/12", "192.168.0.0/16"))


def test_pools_follow_each_other_and_the_very_first_subnet_is_the_last_resort() -> None:
    chosen = [pool("10.10.0.0/23", 24), pool("10.20.0.0/24", 25)]
    taken: list[ipaddress.IPv4Network | ipaddress.IPv6Network] = []
    for expected in ("10.10.1.0/24", "10.20.0.0/25", "10.20.0.128/25", "10.10.0.0/24"):
        taken.append(ipam.free_subnet(chosen, taken))
        assert str(taken[-1]) == expected
    with pytest.raises(AddressTaken, match=r"10\.10\.0\.0/23 \(/24\), 10\.20\.0\.0/24 \(/25\) are in use"):
        ipam.free_subnet(chosen, taken)


def test_a_large_pool_is_leapt_through() -> None:
    chosen = [pool("fd00::/8", 64)]
    assert str(ipam.free_subnet(chosen, [])) == "fd00::/64"
    assert str(ipam.free_subnet(chosen, [ipaddress.ip_network("fd00::/9")])) == "fd80::/64"
    with pytest.raises(AddressTaken):
        ipam.free_subnet(chosen, [ipaddress.ip_network("fc00::/7")])


@given(st.sets(st.integers(0, 63)), st.sets(st.integers(0, 15)))
def test_the_first_free_subnet_is_found_whatever_is_taken(small: set[int], large: set[int]) -> None:
    taken = [ipaddress.ip_network((0x0A090000 + number * 4, 30)) for number in small]
    taken += [ipaddress.ip_network((0x0A090000 + number * 16, 28)) for number in large]
    free = [
        net for net in ipaddress.ip_network("10.9.0.0/24").subnets(new_prefix=29) if not ipam.overlapping(net, taken)
    ]
    try:
        found = ipam.free_subnet([pool("10.9.0.0/24", 29)], taken, default_bridge=True)
    except AddressTaken:
        assert not free
    else:
        assert found == free[0]


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


def test_the_hardware_address_of_an_ipv6_address_is_one_of_its_own_on_each_host() -> None:
    made = {ipam.mac_of(ipaddress.ip_address(f"fd00:20:0:0:{host}::1")) for host in range(100)}
    assert len(made) == 100
    assert all(len(mac) == 6 and mac[0] == 2 for mac in made)
