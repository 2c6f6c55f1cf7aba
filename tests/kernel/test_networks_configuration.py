"""Configurations for networks, networks of several subnets, and addresses that nobody may have."""

from __future__ import annotations

import os

import pytest

from runtime_lib.errors import AddressTaken, InUse, InvalidSpec, NameTaken, NetworkNotFound
from runtime_lib.networks import attach, catalog
from runtime_lib.networks.options import MTU
from runtime_lib.networks.spec import NetworkSpec, SubnetSpec
from runtime_lib.networks.wish import Attachment
from tests.support.netlab import Lab, run

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
SUBNET = SubnetSpec("10.5.0.0/24", "10.5.0.254", aux_addresses={"printer": "10.5.0.1"})


def test_a_configuration_is_no_network(host: Lab) -> None:
    before = run("ip", "-br", "link")
    catalog.create(
        host.store, NetworkSpec("plan", "macvlan", (SUBNET,), driver_options={MTU: "1400"}, config_only=True)
    )
    assert run("ip", "-br", "link") == before
    with pytest.raises(InvalidSpec, match="plan is only a configuration"):
        host.member("web", "plan")
    with pytest.raises(NameTaken, match="plan"):
        catalog.create(host.store, NetworkSpec("plan"))
    told = catalog.inspect(host.store, "plan")
    assert (told["ConfigOnly"], told["Driver"], told["Containers"]) == (True, "null", {})
    catalog.remove(host.store, "plan")
    with pytest.raises(NetworkNotFound):
        catalog.find(host.store, "plan")


def test_a_network_is_made_from_a_configuration(host: Lab) -> None:
    wanted = NetworkSpec("net", config_from="plan", internal=True)
    with pytest.raises(NetworkNotFound, match="no configuration plan"):
        catalog.create(host.store, wanted)
    labels, driver_options = {"k": "v"}, {MTU: "1400"}
    catalog.create(
        host.store,
        NetworkSpec("plan", "bridge", (SUBNET,), labels=labels, driver_options=driver_options, config_only=True),
    )
    network = catalog.create(host.store, wanted)
    assert "mtu 1400" in run("ip", "link", "show", network.bridge)
    assert host.member("web", "net").ip == "10.5.0.2"  # the first is the printer's
    told = catalog.inspect(host.store, "net")
    assert (told["ConfigFrom"], told["Labels"], told["Internal"]) == ({"Network": "plan"}, labels, True)
    with pytest.raises(InUse, match="plan is in use by the networks net"):
        catalog.remove(host.store, "plan")
    with pytest.raises(AddressTaken, match="overlaps with network net"):
        catalog.create(host.store, NetworkSpec("other", config_from="plan"))
    for more in ({"subnets": (SUBNET,)}, {"labels": labels}, {"driver_options": driver_options}, {"enable_ipv6": True}):
        with pytest.raises(InvalidSpec, match=f"{next(iter(more))} comes from plan"):
            catalog.create(host.store, NetworkSpec("other", config_from="plan", **more))
    assert [network.name for network in catalog.listing(host.store)] == ["host", "net", "none", "plan"]


@pytest.mark.parametrize("more", [{"internal": True}, {"attachable": True}, {"config_from": "other"}])
def test_what_a_configuration_cannot_have(host: Lab, more: dict[str, object]) -> None:
    with pytest.raises(InvalidSpec, match="config_only"):
        catalog.create(host.store, NetworkSpec("plan", config_only=True, **more))  # type: ignore[arg-type]
    assert [network.name for network in catalog.listing(host.store)] == ["host", "none"]


def test_the_second_subnet_is_used_when_the_first_is_full(host: Lab) -> None:
    small = (SubnetSpec("10.5.0.0/30"), SubnetSpec("10.6.0.0/29", "10.6.0.1", "10.6.0.4/31"))
    network = catalog.create(host.store, NetworkSpec("net", subnets=small))
    assert {"10.5.0.1/30", "10.6.0.1/29"} <= set(run("ip", "-br", "addr", "show", network.bridge).split())
    members = [host.member(f"c{number}", "net") for number in range(3)]
    assert [member.ip for member in members] == ["10.5.0.2", "10.6.0.4", "10.6.0.5"]
    assert "default via 10.6.0.1" in members[1].run("ip", "route")
    with pytest.raises(AddressTaken, match="no address of 10.5.0.0/30, 10.6.0.4/31 is free"):
        host.member("late", "net")
    assert host.member("asked", Attachment("net", "10.6.0.6")).ip == "10.6.0.6"


def test_addresses_that_are_kept_for_others(host: Lab) -> None:
    catalog.create(host.store, NetworkSpec("net", subnets=(SUBNET,)))
    with pytest.raises(AddressTaken, match="is one of its aux_addresses"):
        host.member("web", Attachment("net", "10.5.0.1"))
    web = host.member("web2", Attachment("net", "10.5.0.2"))
    attach.detach(host.store, web.id, catalog.find(host.store, "net"))
