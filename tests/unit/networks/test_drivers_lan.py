"""Which options macvlan and ipvlan have, and what becomes of a bridge that the host has."""

from __future__ import annotations

import ipaddress

import pytest

from runtime_lib.errors import InvalidSpec
from runtime_lib.networks import options
from runtime_lib.networks.drivers import hostbridge
from runtime_lib.networks.model import Endpoint, Network, Subnet
from runtime_lib.networks.spec import NetworkSpec, SubnetSpec


@pytest.mark.parametrize(
    ("driver", "given"),
    [
        ("macvlan", {}),
        ("macvlan", {"parent": "eth0.10", "macvlan_mode": "passthru", options.MTU: "1400"}),
        ("ipvlan", {"parent": "eth0", "ipvlan_mode": "l3s", "ipvlan_flag": "private"}),
    ],
)
def test_options_that_there_are(driver: str, given: dict[str, str]) -> None:
    NetworkSpec("n", driver=driver, driver_options=given).check()


@pytest.mark.parametrize(
    ("driver", "given", "words"),
    [
        ("macvlan", {"macvlan_mode": "odd"}, "use one of private, vepa, bridge, passthru"),
        ("macvlan", {"ipvlan_mode": "l2"}, "unknown driver option ipvlan_mode; there are parent, macvlan_mode"),
        ("macvlan", {options.ENABLE_ICC: "false"}, "unknown driver option"),
        ("macvlan", {"parent": "lo"}, "loopback"),
        ("macvlan", {"parent": ""}, "not a name"),
        ("macvlan", {"parent": "eth0\n"}, "not a name"),
        ("macvlan", {"parent": "eth\x1b[0"}, "not a name"),
        ("ipvlan", {"ipvlan_mode": "l4"}, "use one of l2, l3, l3s"),
        ("ipvlan", {"ipvlan_flag": "odd"}, "use one of bridge, private, vepa"),
        ("ipvlan", {"macvlan_mode": "bridge"}, "unknown driver option"),
    ],
)
def test_options_that_there_are_not(driver: str, given: dict[str, str], words: str) -> None:
    with pytest.raises(InvalidSpec, match=words):
        NetworkSpec("n", driver=driver, driver_options=given).check()


def network(driver: str, internal: bool = False, **given: str) -> Network:
    subnet = Subnet(ipaddress.ip_network("10.9.0.0/24"), ipaddress.ip_address("10.9.0.1"))
    spec = NetworkSpec("n", driver=driver, internal=internal, driver_options=given)
    return Network("ab" * 32, spec, (subnet,), 0)


@pytest.mark.parametrize(
    ("where", "gateway", "out"),
    [
        (network("macvlan"), "10.9.0.1", True),
        (network("ipvlan", ipvlan_mode="l2"), "10.9.0.1", True),
        (network("ipvlan", ipvlan_mode="l3"), "None", True),
        (network("ipvlan", ipvlan_mode="l3s"), "None", True),
        (network("ipvlan", True, ipvlan_mode="l3"), "None", False),
        (network("macvlan", True), "None", False),
    ],
)
def test_the_way_out(where: Network, gateway: str, out: bool) -> None:
    endpoint = Endpoint("e", "c", where, "eth0", "netns:5", "", (ipaddress.ip_address("10.9.0.7"),), ("web",))
    assert str(endpoint.gateway(4)) == gateway
    assert endpoint.leads_out(4) == out
    assert not endpoint.leads_out(6)
    assert not where.hosted


ROUTER = {"DefaultGatewayIPv4": "10.9.0.3"}  # Docker's name for the gateway of containers that the host is not


def adopted(subnet: SubnetSpec, own: str = "", router: str = "") -> Network:
    spec = NetworkSpec("n", subnets=(subnet,), driver_options={options.BRIDGE_NAME: "br0"})
    mine = [ipaddress.ip_address(text) for text in own.split()]
    found = hostbridge.adopted(spec, mine, [ipaddress.ip_address(text) for text in router.split()])
    return Network("ab" * 32, found, (), 0)


@pytest.mark.parametrize(
    ("subnet", "own", "router", "gateway", "hosted"),
    [
        (SubnetSpec("10.9.0.0/24"), "10.9.0.5", "", "10.9.0.5", True),
        (SubnetSpec("10.9.0.0/24"), "10.9.0.5", "10.9.0.1", "10.9.0.1", False),
        (SubnetSpec("10.9.0.0/24"), "10.9.0.5", "10.8.0.1", "10.9.0.5", True),
        (SubnetSpec("10.9.0.0/24", "10.9.0.9"), "10.9.0.5", "10.9.0.1", "10.9.0.9", False),
        (SubnetSpec("10.9.0.0/24", "10.9.0.9"), "", "", "10.9.0.9", False),
        (SubnetSpec("10.9.0.0/24", "10.9.0.5"), "10.9.0.5 10.9.0.6", "", "10.9.0.5", True),
        (SubnetSpec("10.9.0.0/24", "10.9.0.9", "", {"a": "10.9.0.9"}), "10.9.0.5", "", "10.9.0.9", False),
        (SubnetSpec("10.9.0.0/24", "10.9.0.5", "", ROUTER), "10.9.0.5", "10.9.0.1", "10.9.0.3", False),
    ],
)
def test_the_gateway_on_a_bridge_of_the_host(
    subnet: SubnetSpec, own: str, router: str, gateway: str, hosted: bool
) -> None:
    found = adopted(subnet, own, router)
    found.spec.check()
    assert found.spec.adopted
    assert found.spec.subnets[0].gateway == gateway
    assert found.hosted == hosted
    assert set(own.split()) <= set(found.spec.subnets[0].aux_addresses.values())


def test_a_gateway_beside_the_address_of_the_bridge() -> None:
    spec = NetworkSpec("n", subnets=(SubnetSpec("10.9.0.0/24", aux_addresses=ROUTER),))
    subnet = Subnet(ipaddress.ip_network("10.9.0.0/24"), ipaddress.ip_address("10.9.0.1"))
    where = Network("ab" * 32, spec, (subnet,), 0)
    endpoint = Endpoint("e", "c", where, "eth0", "sv0", "", (ipaddress.ip_address("10.9.0.7"),), ("web",))
    assert (str(endpoint.gateway(4)), where.hosted) == ("10.9.0.3", True)


def test_the_users_own_auxiliary_addresses_stay() -> None:
    found = adopted(SubnetSpec("10.9.0.0/24", aux_addresses={"printer": "10.9.0.3"}), "10.9.0.5")
    assert found.spec.subnets[0].aux_addresses == {"printer": "10.9.0.3", "host0": "10.9.0.5"}


@pytest.mark.parametrize(
    ("subnet", "own", "router", "words"),
    [
        (SubnetSpec("10.9.0.0/24"), "", "", "br0 has no address in 10.9.0.0/24"),
        (SubnetSpec("10.9.0.0/24", "10.9.0.5"), "10.9.0.5", "10.9.0.1", "the host's own way out"),
    ],
)
def test_no_gateway_on_a_bridge_of_the_host(subnet: SubnetSpec, own: str, router: str, words: str) -> None:
    with pytest.raises(InvalidSpec, match=words):
        adopted(subnet, own, router)


def test_an_adopted_bridge_without_a_subnet() -> None:
    spec = NetworkSpec("n", driver_options={options.BRIDGE_NAME: "br0"})
    with pytest.raises(InvalidSpec, match="give its IPv4 subnet"):
        hostbridge.adopted(spec, [], [])
