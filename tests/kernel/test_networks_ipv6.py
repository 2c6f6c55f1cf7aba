"""Networks with IPv6, alone or beside IPv4, on the real kernel."""

from __future__ import annotations

import os

import pytest

from runtime_lib.errors import AddressTaken, InvalidSpec
from runtime_lib.linux import netns
from runtime_lib.linux.netlink import groups
from runtime_lib.linux.netlink.link import Rtnetlink
from runtime_lib.networks import attach, catalog, options
from runtime_lib.networks.model import all_networks
from runtime_lib.networks.namespace import inside, new_namespace
from runtime_lib.networks.spec import NetworkSpec, SubnetSpec
from runtime_lib.networks.wish import Attachment
from runtime_lib.records import replace
from tests.support.netlab import HOST6, OUTSIDE6, SOON, UNREACHABLE, Lab, ask, run
from tests.support.waiting import until

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")

# Seconds for an answer that is expected: a question for a neighbour (NDP) that got lost is asked again after one.
LONG = 30

RUNNING = 0x40  # IFF_RUNNING: the kernel has acted on the carrier

BOTH = NetworkSpec("both", subnets=(SubnetSpec("10.9.0.0/24"), SubnetSpec("fd00:9::/64")), enable_ipv6=True)


def test_both_versions_side_by_side(host: Lab) -> None:
    catalog.create(host.store, BOTH)
    web, db = host.member("web", "both"), host.member("db", "both")
    assert [str(address) for address in web.endpoints[0].addresses] == ["10.9.0.2", "fd00:9::2"]
    assert "inet6 fd00:9::2/64 scope global nodad" in web.run("ip", "addr", "show", "eth0")
    assert "default via fd00:9::1 dev eth0" in web.run("ip", "-6", "route")
    assert "default via 10.9.0.1 dev eth0" in web.run("ip", "route")
    db.serve(5432, ip="::")
    assert web.ask("fd00:9::3", 5432, patience=LONG) == "fd00:9::2 db"
    assert ask("fd00:9::3", 5432, patience=LONG) == "fd00:9::1 db"
    assert f"10.9.0.3\tdb {db.id[:12]}\nfd00:9::3\tdb {db.id[:12]}\n" in host.hosts("web")


def test_ipv6_alone(host: Lab) -> None:
    catalog.create(host.store, NetworkSpec("six", enable_ipv4=False, enable_ipv6=True))
    web, db = host.member("web", "six"), host.member("db", "six")
    subnet = all_networks(host.store)[0].subnets[0]
    assert (subnet.network.prefixlen, subnet.network.network_address.packed[0]) == (64, 0xFD)
    assert web.endpoints[0].address == subnet.network[2]
    assert "inet " not in web.run("ip", "addr", "show", "eth0")
    db.serve(80, ip="::")
    assert web.ask(str(db.endpoints[0].ipv6), 80, patience=LONG) == f"{web.endpoints[0].ipv6} db"


def test_the_bridge_and_the_host(host: Lab) -> None:
    run("sysctl", "-q", "-w", "net.ipv6.conf.wire.accept_ra=1")
    network = catalog.create(host.store, BOTH)
    shown = run("ip", "-6", "addr", "show", network.bridge)
    assert "inet6 fd00:9::1/64 scope global nodad" in shown
    assert "inet6 fe80::1/64 scope link nodad" in shown
    keys = ("all.forwarding", "wire.accept_ra", f"{network.bridge}.accept_ra")
    assert [run("sysctl", "-n", f"net.ipv6.conf.{key}").strip() for key in keys] == ["1", "2", "0"]
    told = catalog.inspect(host.store, "both")
    assert told["EnableIPv6"]
    assert told["IPAM"]["Config"] == [{"Subnet": "10.9.0.0/24"}, {"Subnet": "fd00:9::/64"}]


def test_a_network_without_ipv6_stays_without(host: Lab) -> None:
    catalog.create(host.store, BOTH)
    catalog.create(host.store, NetworkSpec("four"))
    web = host.member("web", "four", "both")
    assert "inet6" not in web.run("ip", "addr", "show", "eth0")
    assert "inet6 fd00:9::2/64" in web.run("ip", "addr", "show", "eth1")
    assert "default via 10." not in web.run("ip", "route")
    assert "default via fd00:9::1 dev eth1" in web.run("ip", "-6", "route")


def test_a_container_leaves_and_the_next_network_leads_out(host: Lab) -> None:
    catalog.create(host.store, BOTH)
    other = catalog.create(host.store, NetworkSpec("other", enable_ipv6=True))
    web = host.member("web", "both", "other")
    attach.detach(host.store, web.id, catalog.find(host.store, "both"))
    attach.reroute(host.store, web.id, web.namespace)
    assert f"default via {other.subnets[1].gateway} dev eth1" in web.run("ip", "-6", "route")


def test_addresses_that_were_asked_for(host: Lab) -> None:
    catalog.create(host.store, BOTH)
    web = host.member("web", Attachment("both", address6="fd00:9::77"))
    assert [str(address) for address in web.endpoints[0].addresses] == ["10.9.0.2", "fd00:9::77"]
    for address, error, words in (
        ("fd00:9::77", AddressTaken, "taken by container web"),
        ("fd00:a::1", InvalidSpec, "not inside"),
        ("fd00:9::1", InvalidSpec, "gateway"),
        ("10.9.0.7", InvalidSpec, "an IPv6 address belongs here"),
        ("::x", InvalidSpec, "not an IP address"),
    ):
        with pytest.raises(error, match=words):
            host.member("db", Attachment("both", address6=address))
    host.member("db", "both")


def test_a_network_has_no_address_of_another_version(host: Lab) -> None:
    catalog.create(host.store, NetworkSpec("four"))
    with pytest.raises(InvalidSpec, match="network four has no IPv6"):
        host.member("web", Attachment("four", address6="fd00:9::77"))


def test_published_on_all_addresses(host: Lab) -> None:
    catalog.create(host.store, BOTH)
    web = host.member("web", "both")
    chosen = web.publish("8080:80", "127.0.0.1:8081:81", f"[{HOST6}]:8082:82")
    assert [(one.host_ip, one.host_port) for one in chosen] == [
        ("0.0.0.0", 8080),
        ("::", 8080),
        ("127.0.0.1", 8081),
        (HOST6, 8082),
    ]
    attach.detach(host.store, web.id, catalog.find(host.store, "both"))
    assert host.store.query("SELECT * FROM ports") == []


def test_a_namespace_is_known_until_it_is_gone() -> None:
    namespace = new_namespace()
    with Rtnetlink() as netlink:
        number = netlink.mark_namespace(namespace)
        assert netlink.mark_namespace(namespace) == number
        assert netlink.has_namespace(number)
        os.close(namespace)
        until(lambda: not netlink.has_namespace(number), 60)  # its last socket goes with a grace period of the kernel


@pytest.fixture
def world(host: Lab) -> Lab:
    """The host, and a server on its wire."""
    with netns.entered(host.outside):
        host.serve("world", 80, ip="::")
    return host


def test_the_world_by_the_hosts_address(world: Lab) -> None:
    catalog.create(world.store, BOTH)
    assert world.member("web", "both").ask(OUTSIDE6, 80, patience=LONG) == f"{HOST6} world"


def test_routed_without_translation(world: Lab) -> None:
    catalog.create(world.store, replace(BOTH, driver_options={options.ENABLE_MASQUERADE: "false"}))
    assert world.member("web", "both").ask(OUTSIDE6, 80, patience=LONG) == "fd00:9::2 world"


def test_under_a_certain_address_of_the_host(world: Lab) -> None:
    run("ip", "addr", "add", "2001:db8::9/64", "dev", "wire", "nodad")
    catalog.create(world.store, replace(BOTH, driver_options={options.HOST_ADDRESS6: "2001:db8::9"}))
    assert world.member("web", "both").ask(OUTSIDE6, 80, patience=LONG) == "2001:db8::9 world"


def test_a_published_port_from_everywhere(host: Lab) -> None:
    catalog.create(host.store, BOTH)
    catalog.create(host.store, NetworkSpec("other", enable_ipv6=True))
    web, stranger = host.member("web", "both"), host.member("stranger", "other")
    web.serve(80, ip="::")
    web.publish("8080:80")
    assert host.ask_from_outside(HOST6, 8080, patience=LONG) == f"{OUTSIDE6} web"
    assert ask(HOST6, 8080, patience=LONG) == f"{HOST6} web"
    assert ask("::1", 8080) == "refused"
    assert ask("127.0.0.1", 8080, patience=LONG) == "::ffff:10.9.0.1 web"
    assert stranger.ask(HOST6, 8080, patience=LONG) == "fd00:9::1 web"
    assert web.ask(HOST6, 8080, patience=LONG) == "fd00:9::1 web"


def test_no_port_can_be_published_on_the_loopback_of_ipv6(host: Lab) -> None:
    catalog.create(host.store, BOTH)
    web = host.member("web", "both")
    with pytest.raises(InvalidSpec, match=r"\[::1\].* publish it on 127.0.0.1"):
        web.publish("[::1]:8080:80")


def test_containers_addresses_are_closed(host: Lab) -> None:
    catalog.create(host.store, BOTH)
    catalog.create(host.store, NetworkSpec("other", enable_ipv6=True))
    web, stranger = host.member("web", "both"), host.member("stranger", "other")
    web.serve(80, ip="::")
    run("ip", "-6", "route", "add", "fd00:9::/64", "via", HOST6, namespace=host.outside)
    assert host.ask_from_outside("fd00:9::2", 80, patience=SOON) == "silence"
    assert stranger.ask("fd00:9::2", 80, patience=SOON) == "silence"


def test_an_internal_network_is_closed_both_ways(world: Lab) -> None:
    catalog.create(world.store, replace(BOTH, internal=True))
    one, two = world.member("one", "both"), world.member("two", "both")
    two.serve(80, ip="::")
    assert one.ask("fd00:9::3", 80, patience=LONG) == "fd00:9::2 two"
    assert one.run("ip", "-6", "route", "show", "default") == ""
    one.run("ip", "-6", "route", "add", "default", "via", "fd00:9::1")
    run("ip", "-6", "route", "add", "fd00:9::/64", "via", HOST6, namespace=world.outside)
    assert one.ask(OUTSIDE6, 80, patience=SOON) == "silence"
    assert world.ask_from_outside("fd00:9::3", 80, patience=SOON) == "silence"


def test_neighbours_that_may_not_talk(host: Lab) -> None:
    catalog.create(host.store, replace(BOTH, driver_options={options.ENABLE_ICC: "false"}))
    one, two = host.member("one", "both"), host.member("two", "both")
    two.serve(80, ip="::")
    assert one.ask("fd00:9::3", 80, patience=SOON) in UNREACHABLE
    assert ask("fd00:9::3", 80, patience=LONG) == "fd00:9::1 two"


def test_nothing_is_left_to_the_kernels_worker_when_a_container_starts(host: Lab) -> None:
    """Until it has run, a bridge sends nothing, and nobody hears a question for a new address (NDP)."""
    for number in range(20):
        subnets = (SubnetSpec(f"fd00:{number}::/64"),)
        spec = NetworkSpec(f"net{number}", subnets=subnets, enable_ipv4=False, enable_ipv6=True)
        network = catalog.create(host.store, spec)
        web = host.member(f"web{number}", spec.name)
        with Rtnetlink() as netlink:
            assert netlink.flags(network.bridge) & RUNNING
            assert netlink.flags(web.endpoints[0].host_interface) & RUNNING
            assert groups.solicited(network.subnets[0].gateway.packed) in netlink.groups(network.bridge)
        with inside(web.namespace) as own:
            assert groups.solicited(web.endpoints[0].address.packed) in own.groups("eth0")
        web.end()
        catalog.remove(host.store, spec.name)
