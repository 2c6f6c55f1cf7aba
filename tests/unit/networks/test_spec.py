"""What may be asked of a network."""

from __future__ import annotations

import json

import pytest

from runtime_lib.errors import InvalidSpec
from runtime_lib.networks import options
from runtime_lib.networks.spec import NetworkSpec, SubnetSpec


def test_a_spec_is_read_back() -> None:
    subnet = SubnetSpec("10.9.0.0/16", "10.9.0.1", "10.9.8.0/24", {"printer": "10.9.0.9"})
    spec = NetworkSpec("n", subnets=(subnet,), internal=True, labels={"a": "b"}, driver_options={options.MTU: "1400"})
    spec.check()
    assert NetworkSpec.from_json(spec.to_json()) == spec
    assert spec.mtu == 1400


@pytest.mark.parametrize("name", ["", "-a", "a/b", "a b", "a\n", "ä", "x" * 256])
def test_bad_names(name: str) -> None:
    with pytest.raises(InvalidSpec, match="network name"):
        NetworkSpec(name).check()


@pytest.mark.parametrize(
    ("subnet", "words"),
    [
        (SubnetSpec("10.9.0.0"), "no room"),
        (SubnetSpec("10.9.0.1/16"), "has host bits set"),
        (SubnetSpec("nonsense"), "'nonsense'"),
        (SubnetSpec("10.9.0.0/31"), "no room"),
        (SubnetSpec("fd00::/127"), "/126 or larger"),
        (SubnetSpec("10.9.0.0/16", gateway="10.8.0.1"), "gateway: 10.8.0.1 is not inside"),
        (SubnetSpec("10.9.0.0/16", gateway="10.9.0.0"), "stands for all of"),
        (SubnetSpec("10.9.0.0/16", gateway="x"), "'x' is not an IP address"),
        (SubnetSpec("10.9.0.0/16", ip_range="10.8.0.0/24"), "ip_range"),
        (SubnetSpec("10.9.0.0/16", ip_range="10.0.0.0/8"), "ip_range"),
        (SubnetSpec("10.9.0.0/16", aux_addresses={"a": "10.8.0.1"}), "aux_addresses a"),
    ],
)
def test_bad_subnets(subnet: SubnetSpec, words: str) -> None:
    with pytest.raises(InvalidSpec, match=words):
        NetworkSpec("n", subnets=(subnet,)).check()


def test_settings_of_a_newer_version_are_left_out() -> None:
    spec = NetworkSpec("n", subnets=(SubnetSpec("10.9.0.0/24"),))
    stored = json.loads(spec.to_json())
    stored["future"] = stored["subnets"][0]["future"] = 1
    assert NetworkSpec.from_json(json.dumps(stored)) == spec


def test_subnets_of_one_network_must_not_overlap() -> None:
    with pytest.raises(InvalidSpec, match="overlap"):
        NetworkSpec("n", subnets=(SubnetSpec("10.9.0.0/16"), SubnetSpec("10.9.1.0/24"))).check()


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("com.docker.network.bridge.nosuch", "1", "unknown driver option"),
        (options.ENABLE_ICC, "maybe", "true or false"),
        (options.HOST_BINDING, "localhost", "not an IP address"),
        (options.MTU, "67", "from 68"),
        (options.MTU, "١٥٠٠", "from 68"),
        (options.BRIDGE_NAME, "sixteen-letters-x", "at most 15"),
        (options.BRIDGE_NAME, "a/b", "at most 15"),
        (options.BRIDGE_NAME, 'a" drop', "at most 15"),
    ],
)
def test_bad_options(key: str, value: str, words: str) -> None:
    with pytest.raises(InvalidSpec, match=words):
        NetworkSpec("n", driver_options={key: value}).check()


def test_another_driver_is_refused_by_name() -> None:
    with pytest.raises(InvalidSpec, match="no network driver 'weave'; use one of bridge"):
        NetworkSpec("n", driver="weave").check()


def test_ip_versions() -> None:
    both = NetworkSpec("n", subnets=(SubnetSpec("10.9.0.0/24"), SubnetSpec("fd00:9::/64")), enable_ipv6=True)
    both.check()
    assert both.versions == (4, 6)
    assert [subnet.subnet for subnet in both.of_version(6)] == ["fd00:9::/64"]
    NetworkSpec("n", enable_ipv4=False, enable_ipv6=True).check()
    for wrong, words in (
        (NetworkSpec("n", subnets=(SubnetSpec("fd00:9::/64"),)), "enable IPv6"),
        (NetworkSpec("n", subnets=(SubnetSpec("10.9.0.0/24"),), enable_ipv4=False, enable_ipv6=True), "enable IPv4"),
        (NetworkSpec("n", enable_ipv4=False), "neither IPv4 nor IPv6"),
    ):
        with pytest.raises(InvalidSpec, match=words):
            wrong.check()


def test_the_gateway_is_the_first_address_by_default() -> None:
    assert str(SubnetSpec("10.9.0.0/16").gateway_address()) == "10.9.0.1"
    assert str(SubnetSpec("10.9.0.0/16", ip_range="10.9.8.0/24").gateway_address()) == "10.9.8.0"
