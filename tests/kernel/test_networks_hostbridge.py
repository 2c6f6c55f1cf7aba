"""Networks on a bridge that the host has already: nothing of it is changed, and it is never deleted."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from runtime_lib.desired.network import perform
from runtime_lib.errors import HostLacks, InvalidSpec, NameTaken
from runtime_lib.linux import netns
from runtime_lib.networks import catalog, options
from runtime_lib.networks.model import Network
from runtime_lib.networks.spec import NetworkSpec, SubnetSpec
from runtime_lib.networks.wish import Attachment
from tests.support.netlab import HOST, OUTSIDE, SOON, UNREACHABLE, Lab, ask, run

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")

FORWARDING = Path("/proc/sys/net/ipv4/ip_forward")


@pytest.fixture
def uplink(host: Lab) -> Lab:
    """A host whose way to its LAN is a bridge."""
    run("ip", "link", "add", "br0", "type", "bridge")
    run("ip", "addr", "flush", "dev", "wire")
    run("ip", "link", "set", "wire", "master", "br0")
    run("ip", "addr", "add", f"{HOST}/24", "dev", "br0")
    run("ip", "link", "set", "br0", "up")
    run("ip", "route", "add", "default", "via", OUTSIDE)
    return host


def join(host: Lab, bridge: str, *subnets: SubnetSpec, name: str = "lan", **more: str) -> Network:
    choice = {options.BRIDGE_NAME: bridge, **more}
    return catalog.create(host.store, NetworkSpec(name, subnets=subnets, driver_options=choice))


def look(bridge: str) -> str:
    """Return what is to stay as it was: addresses, MAC address and MTU."""
    lines = run("ip", "-o", "addr", "show", bridge).splitlines()
    link = run("ip", "-o", "link", "show", bridge)
    mac, mtu = link.partition("link/")[2].split()[1], link.partition("mtu ")[2].split()[0]
    return f"{[line.split()[3] for line in lines]} {mac} {mtu}"


def test_containers_are_machines_of_the_hosts_lan(uplink: Lab) -> None:
    FORWARDING.write_text("0")  # a new namespace has the setting of the one before
    before = look("br0")
    network = join(uplink, "br0", SubnetSpec("192.0.2.0/24", ip_range="192.0.2.128/25"))
    web = uplink.member("web", "lan")
    web.serve(80)
    with netns.entered(uplink.outside):
        uplink.serve("world", 80)
    assert web.ip == "192.0.2.128"
    assert f"default via {OUTSIDE} dev eth0" in web.run("ip", "route")
    assert web.ask(OUTSIDE, 80) == f"{web.ip} world"
    assert uplink.ask_from_outside(web.ip, 80) == f"{OUTSIDE} web"
    assert ask(web.ip, 80) == f"{HOST} web"
    assert (look("br0"), FORWARDING.read_text()) == (before, "0\n")
    with pytest.raises(InvalidSpec, match="reachable from outside"):
        web.publish("8080:80")
    config = catalog.inspect(uplink.store, "lan")["IPAM"]["Config"]
    assert config[0]["AuxiliaryAddresses"] == {"host0": HOST}
    web.end()
    catalog.remove(uplink.store, network.id)
    assert look("br0") == before


def test_other_networks_reach_the_world_through_it(uplink: Lab) -> None:
    join(uplink, "br0", SubnetSpec("192.0.2.0/24", ip_range="192.0.2.128/25"))
    other, lan = uplink.member("other", "bridge"), uplink.member("lan", "lan")
    lan.serve(80)
    with netns.entered(uplink.outside):
        uplink.serve("world", 80)
    assert other.ask(OUTSIDE, 80) == f"{HOST} world"
    assert other.ask(lan.ip, 80) == f"{HOST} lan"  # as any other machine of that LAN


def test_a_bridge_on_which_the_host_is_the_gateway(host: Lab) -> None:
    run("ip", "link", "add", "br1", "type", "bridge")
    run("ip", "addr", "add", "10.5.0.1/24", "dev", "br1")
    run("ip", "link", "set", "br1", "up")
    join(host, "br1", SubnetSpec("10.5.0.0/24"), name="lab")
    web = host.member("web", "lab")
    web.serve(80)
    with netns.entered(host.outside):
        host.serve("world", 80)
    assert web.ip == "10.5.0.2"
    assert web.ask(OUTSIDE, 80) == f"{HOST} world"
    web.publish("8080:80", "127.0.0.1:8081:80")
    assert host.ask_from_outside(HOST, 8080) == f"{OUTSIDE} web"
    assert ask("127.0.0.1", 8081).endswith(" web")
    assert host.ask_from_outside(web.ip, 80, patience=SOON) == "silence"
    web.end()
    catalog.remove(host.store, "lab")
    assert "10.5.0.1/24" in run("ip", "addr", "show", "br1")


def test_neighbours_that_may_not_talk(uplink: Lab) -> None:
    subnet = SubnetSpec("192.0.2.0/24", ip_range="192.0.2.128/25")
    join(uplink, "br0", subnet, **{options.ENABLE_ICC: "false"})
    one, two = uplink.member("one", "lan"), uplink.member("two", "lan")
    two.serve(80)
    assert one.ask(two.ip, 80, patience=SOON) in UNREACHABLE
    assert uplink.ask_from_outside(two.ip, 80) == f"{OUTSIDE} two"


def test_a_jumbo_bridge_stays_one(uplink: Lab) -> None:
    for name in ("wire", "br0"):
        run("ip", "link", "set", name, "mtu", "4000")
    before = look("br0")
    join(uplink, "br0", SubnetSpec("192.0.2.0/24", ip_range="192.0.2.128/25"))
    assert "mtu 4000" in uplink.member("web", "lan").run("ip", "link", "show", "eth0")
    assert look("br0") == before


def test_a_bridge_that_went_away_and_came_back(uplink: Lab) -> None:
    join(uplink, "br0", SubnetSpec("192.0.2.0/24", ip_range="192.0.2.128/25"))
    web = uplink.member("web", "lan")
    web.serve(80)
    run("ip", "link", "del", "br0")
    with pytest.raises(HostLacks, match="the host has no bridge br0 any more"):
        uplink.member("db", "lan")
    run("ip", "link", "add", "br0", "type", "bridge")
    run("ip", "link", "set", "wire", "master", "br0")
    run("ip", "link", "set", "br0", "up")
    uplink.member("db", "lan")
    assert uplink.ask_from_outside(web.ip, 80) == f"{OUTSIDE} web"


def test_addresses_of_the_host_are_not_given_out(uplink: Lab) -> None:
    run("ip", "addr", "add", "192.0.2.128/24", "dev", "br0")
    join(uplink, "br0", SubnetSpec("192.0.2.0/24", ip_range="192.0.2.128/25"))
    assert uplink.member("web", "lan").ip == "192.0.2.129"


@pytest.mark.parametrize(
    ("subnets", "words"),
    [
        ((), "give its IPv4 subnet, and the ip_range"),
        ((SubnetSpec("10.6.0.0/24"),), "br0 has no address in 10.6.0.0/24: give the gateway"),
        ((SubnetSpec("192.0.2.0/24", HOST),), f"containers there use the gateway {OUTSIDE}"),
    ],
)
def test_what_must_be_said(uplink: Lab, subnets: tuple[SubnetSpec, ...], words: str) -> None:
    with pytest.raises(InvalidSpec, match=words):
        join(uplink, "br0", *subnets)
    assert [network.name for network in catalog.listing(uplink.store)] == ["host", "none"]


def test_a_way_out_is_not_internal(uplink: Lab) -> None:
    subnet = SubnetSpec("192.0.2.0/24", ip_range="192.0.2.128/25")
    spec = NetworkSpec("lan", subnets=(subnet,), internal=True, driver_options={options.BRIDGE_NAME: "br0"})
    with pytest.raises(InvalidSpec, match="the host's own way out, so nothing on it can be internal"):
        catalog.create(uplink.store, spec)


def test_a_task_for_a_network_that_is_there_changes_nothing(uplink: Lab) -> None:
    """What the host adds to the network, its gateway and its own addresses, is no difference."""
    wish = {
        "name": "lan",
        "state": "present",
        "driver_options": {options.BRIDGE_NAME: "br0"},
        "ipam_config": [{"subnet": "192.0.2.0/24", "iprange": "192.0.2.128/25"}],
    }
    assert [perform(uplink.store, wish, False).changed for _turn in range(2)] == [True, False]
    wish["ipam_config"] = [{"subnet": "192.0.2.0/24", "iprange": "192.0.2.64/26"}]
    assert perform(uplink.store, wish, False).changed
    assert "br0" in run("ip", "link")


def test_only_bridges_and_each_once(uplink: Lab) -> None:
    subnet = SubnetSpec("192.0.2.0/24", ip_range="192.0.2.128/25")
    with pytest.raises(NameTaken, match="the host has an interface wire already"):
        join(uplink, "wire", subnet)
    join(uplink, "br0", subnet)
    with pytest.raises(NameTaken, match="the host has an interface br0 already"):
        join(uplink, "br0", SubnetSpec("10.6.0.0/24", "10.6.0.1"), name="more")


def test_an_address_that_a_container_asks_for(uplink: Lab) -> None:
    join(uplink, "br0", SubnetSpec("192.0.2.0/24", ip_range="192.0.2.128/25"))
    assert uplink.member("web", Attachment("lan", "192.0.2.77")).ip == "192.0.2.77"
