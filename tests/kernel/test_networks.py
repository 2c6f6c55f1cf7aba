"""Networks on the real kernel, each test on a host of its own: who reaches whom."""

from __future__ import annotations

import json
import os
import socket
import sys
from pathlib import Path
from typing import Any

import pytest

from runtime_lib.errors import (
    AddressTaken,
    HostLacks,
    InUse,
    InvalidSpec,
    NameTaken,
    NetworkNotFound,
    PortTaken,
    WrongState,
)
from runtime_lib.linux import netns, nftables
from runtime_lib.networks import attach, catalog, firewall, options
from runtime_lib.networks.namespace import new_namespace
from runtime_lib.networks.spec import NetworkSpec, SubnetSpec
from runtime_lib.networks.wish import INTERFACE_NAME, SYSCTLS, Attachment
from tests.support.netlab import HOST, OUTSIDE, SOON, UNREACHABLE, Lab, ask, run

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


def rules(host: Lab) -> list[object]:
    """Return what the kernel has, without the handles, which count up."""
    return [
        {key: value for key, value in body.items() if key != "handle"} for item in table(host) for body in item.values()
    ]


def table(host: Lab) -> list[dict[str, Any]]:
    """Return what nft tells of the table of this installation; nothing when there is none."""
    name = host.store.layout.label.replace("-", "_")
    if f"table inet {name}\n" not in run("nft", "list", "tables"):
        return []
    objects: list[dict[str, Any]] = json.loads(run("nft", "-j", "list", "table", "inet", name))["nftables"]
    return objects


def test_a_container_sees_what_docker_gives_it(host: Lab) -> None:
    web = host.member("web", "bridge")
    assert (web.ip, web.endpoints[0].mac) == ("172.17.0.2", "02:42:ac:11:00:02")
    assert "02:42:ac:11:00:02" in web.run("ip", "link", "show", "eth0")
    assert "inet 172.17.0.2/16 brd 172.17.255.255 scope global eth0" in web.run("ip", "addr")
    assert "inet6" not in web.run("ip", "addr")
    assert "default via 172.17.0.1 dev eth0" in web.run("ip", "route")
    assert "UP" in web.run("ip", "link", "show", "lo")
    sysctls = "net.ipv4.ip_unprivileged_port_start", "net.ipv4.ping_group_range", "net.ipv6.conf.eth0.disable_ipv6"
    assert [web.run("sysctl", "-n", name).split() for name in sysctls] == [["0"], ["0", "2147483647"], ["1"]]


def test_a_namespace_leaves_no_trace(host: Lab) -> None:
    before = Path("/proc/self/mountinfo").read_text()
    own = os.stat("/proc/thread-self/ns/net").st_ino
    namespace = new_namespace()
    assert os.stat("/proc/thread-self/ns/net").st_ino == own
    assert os.fstat(namespace).st_ino != own
    assert not os.get_inheritable(namespace)
    os.close(namespace)
    assert Path("/proc/self/mountinfo").read_text() == before


def test_neighbours_reach_each_other_by_address_and_name(host: Lab) -> None:
    catalog.create(host.store, NetworkSpec("shop"))
    web, db = host.member("web", Attachment("shop", aliases=("www",))), host.member("db", "shop")
    db.serve(5432)
    assert web.ask(db.ip, 5432) == f"{web.ip} db"
    assert f"{web.ip}\tweb www {web.id[:12]}\n" in host.hosts("db")
    db.end()
    assert "db" not in host.hosts("web").split()


def test_a_bridge_keeps_its_mac_address(host: Lab) -> None:
    """Its neighbours know it, and it would be the lowest one of its ports."""
    seen = []
    for name in ("one", "two", "three"):
        member = host.member(name, "bridge")
        interface = member.endpoints[0].network.bridge
        seen.append(run("ip", "-o", "link", "show", interface).partition("link/ether ")[2].split()[0])
        if name == "two":
            member.end()
    run("ip", "link", "del", member.endpoints[0].host_interface)
    seen.append(run("ip", "-o", "link", "show", interface).partition("link/ether ")[2].split()[0])
    assert len(set(seen)) == 1


def test_networks_do_not_reach_each_other(host: Lab) -> None:
    for name in ("one", "two"):
        catalog.create(host.store, NetworkSpec(name))
    here, there = host.member("here", "one"), host.member("there", "two")
    there.serve(80)
    assert here.ask(there.ip, 80, patience=SOON) == "silence"
    assert ask(there.ip, 80) == f"{there.endpoints[0].gateway(4)} there"


def test_a_container_of_two_networks(host: Lab) -> None:
    for name in ("one", "two"):
        catalog.create(host.store, NetworkSpec(name))
    both, other = host.member("both", "one", "two"), host.member("other", "two")
    other.serve(80)
    assert [endpoint.interface for endpoint in both.endpoints] == ["eth0", "eth1"]
    assert both.ask(other.ip, 80) == f"{both.endpoints[1].address} other"
    assert both.run("ip", "route", "show", "default").split()[2] == str(both.endpoints[0].gateway(4))


def test_the_world_by_the_hosts_address(host: Lab) -> None:
    web = host.member("web", "bridge")
    with netns.entered(host.outside):
        host.serve("world", 80)
        host.serve("world", 53, "udp")
    assert web.ask(OUTSIDE, 80) == f"{HOST} world"
    assert web.ask(OUTSIDE, 53, "udp") == f"{HOST} world"


def test_without_masquerading_the_containers_own_address_is_seen(host: Lab) -> None:
    catalog.create(host.store, NetworkSpec("plain", driver_options={options.ENABLE_MASQUERADE: "false"}))
    web = host.member("web", "plain")
    with netns.entered(host.outside):
        host.serve("world", 80)
    assert web.ask(OUTSIDE, 80) == f"{web.ip} world"


def test_an_internal_network_is_closed_both_ways(host: Lab) -> None:
    catalog.create(host.store, NetworkSpec("vault", internal=True))
    one, two = host.member("one", "vault"), host.member("two", "vault")
    two.serve(80)
    with netns.entered(host.outside):
        host.serve("world", 80)
    assert one.ask(two.ip, 80) == f"{one.ip} two"
    assert one.run("ip", "route", "show", "default") == ""
    one.run("ip", "route", "add", "default", "via", str(one.endpoints[0].network.subnets[0].gateway))
    assert one.ask(OUTSIDE, 80, patience=SOON) == "silence"
    assert host.ask_from_outside(two.ip, 80, patience=SOON) == "silence"
    with pytest.raises(InvalidSpec, match="reachable from outside"):
        two.publish("8080:80")


def test_neighbours_that_may_not_talk(host: Lab) -> None:
    catalog.create(host.store, NetworkSpec("strangers", driver_options={options.ENABLE_ICC: "false"}))
    one, two = host.member("one", "strangers"), host.member("two", "strangers")
    two.serve(80)
    with netns.entered(host.outside):
        host.serve("world", 80)
    assert one.ask(two.ip, 80, patience=SOON) in UNREACHABLE
    assert one.ask(OUTSIDE, 80) == f"{HOST} world"
    assert ask(two.ip, 80).endswith("two")


@pytest.mark.parametrize("protocol", ["tcp", "udp"])
def test_a_published_port_answers_everywhere(host: Lab, protocol: str) -> None:
    catalog.create(host.store, NetworkSpec("other"))
    web, neighbour, stranger = host.member("web", "bridge"), host.member("nb", "bridge"), host.member("st", "other")
    web.serve(80, protocol)
    assert web.publish(f"8080:80/{protocol}")[0].host_port == 8080
    assert host.ask_from_outside(HOST, 8080, protocol) == f"{OUTSIDE} web"  # with the client's own address
    for ip in ("127.0.0.1", HOST, "172.17.0.1"):
        assert ask(ip, 8080, protocol).endswith(" web")
    for ip in (HOST, "172.17.0.1"):
        assert neighbour.ask(ip, 8080, protocol).endswith(" web")
        assert web.ask(ip, 8080, protocol).endswith(" web")
    assert stranger.ask(HOST, 8080, protocol).endswith(" web")


def test_only_published_ports_are_reached_from_outside(host: Lab) -> None:
    web = host.member("web", "bridge")
    for port in (80, 81):
        web.serve(port)
    web.publish("8080:80")
    assert host.ask_from_outside(HOST, 8080) == f"{OUTSIDE} web"
    assert host.ask_from_outside(web.ip, 80, patience=SOON) == "silence"
    assert host.ask_from_outside(web.ip, 81, patience=SOON) == "silence"
    assert host.ask_from_outside(HOST, 81) == "refused"


def test_a_port_on_the_loopback_is_the_hosts_alone(host: Lab) -> None:
    web, neighbour = host.member("web", "bridge"), host.member("nb", "bridge")
    web.serve(80)
    web.publish("127.0.0.1:8080:80")
    assert ask("127.0.0.1", 8080).endswith(" web")
    assert ask(HOST, 8080) == "refused"
    assert host.ask_from_outside(HOST, 8080) == "refused"
    for member in (host.outside, neighbour.namespace):
        gateway = HOST if member == host.outside else "172.17.0.1"
        # A hostile neighbour on the wire sends to 127.0.0.1 by way of this host.
        run("ip", "addr", "flush", "dev", "lo", namespace=member)
        run("sysctl", "-w", "net.ipv4.conf.eth0.route_localnet=1", namespace=member)
        run("ip", "route", "flush", "table", "local", "127.0.0.0/8", namespace=member)
        run("ip", "route", "add", "127.0.0.1/32", "via", gateway, "dev", "eth0", namespace=member)
        with netns.entered(member):
            assert ask("127.0.0.1", 8080, patience=SOON) == "silence"


def test_services_of_the_hosts_loopback_stay_closed_to_containers(host: Lab) -> None:
    web = host.member("web", "bridge")
    host.serve("secret", 9000, ip="127.0.0.1")
    run("ip", "addr", "flush", "dev", "lo", namespace=web.namespace)
    run("sysctl", "-w", "net.ipv4.conf.eth0.route_localnet=1", namespace=web.namespace)
    run("ip", "route", "flush", "table", "local", "127.0.0.0/8", namespace=web.namespace)
    run("ip", "route", "add", "127.0.0.1/32", "via", "172.17.0.1", "dev", "eth0", namespace=web.namespace)
    assert web.ask("127.0.0.1", 9000, patience=SOON) == "silence"


def test_a_port_on_one_address_of_the_host(host: Lab) -> None:
    run("ip", "addr", "add", "192.0.2.9/24", "dev", "wire")
    web = host.member("web", "bridge")
    web.serve(80)
    web.publish("192.0.2.9:8080:80")
    assert host.ask_from_outside("192.0.2.9", 8080) == f"{OUTSIDE} web"
    assert host.ask_from_outside(HOST, 8080) == "refused"
    with pytest.raises(InvalidSpec, match="the host has no address 192.0.2.77"):
        web.publish("192.0.2.77:8081:80")


def test_ports_that_are_taken(host: Lab) -> None:
    web, other = host.member("web", "bridge"), host.member("other", "bridge")
    web.publish("8080:80", "127.0.0.1:8081:80")
    host.serve("process", 8090)
    for text in ("8080:80", "127.0.0.1:8080:80", "8081:80"):
        with pytest.raises(PortTaken, match=r"port 808[01]/tcp on .* is taken by container web"):
            other.publish(text)
    with pytest.raises(PortTaken, match=r"port 8090/tcp on 0\.0\.0\.0 is taken by a process"):
        other.publish("8090:80")
    assert other.publish("8080:80/udp", "192.0.2.1:8081:80")[0].host_port == 8080
    assert other.publish("8080-8095:81")[0].host_port == 8082


def test_a_port_that_fails_publishes_none(host: Lab) -> None:
    web, other = host.member("web", "bridge"), host.member("other", "bridge")
    web.publish("8080:80")
    before = rules(host)
    with pytest.raises(PortTaken):
        other.publish("8079:80", "8080:80")
    assert rules(host) == before


def test_a_chosen_port(host: Lab) -> None:
    web = host.member("web", "bridge")
    web.serve(80)
    first, second = web.publish("80", "81")
    assert first.host_port != second.host_port
    assert first.host_port >= 32768
    assert host.ask_from_outside(HOST, first.host_port) == f"{OUTSIDE} web"


def test_the_end_releases_everything(host: Lab) -> None:
    web = host.member("web", "bridge")
    before = rules(host)
    web.publish("8080:80")
    web.end()
    assert rules(host) == before
    attach.detach(host.store, web.id)  # once more
    attach.detach(host.store, "0" * 64)  # never was
    again = host.member("web", "bridge")
    assert again.ip == "172.17.0.2"
    assert again.publish("8080:80")


def test_a_fast_successor_with_the_same_address_is_reached(host: Lab) -> None:
    first = host.member("first", "bridge")
    first.serve(80)
    assert ask("172.17.0.2", 80).endswith("first")
    attach.detach(host.store, first.id)  # while its namespace still lives
    second = host.member("second", "bridge")
    second.serve(80)
    assert ask("172.17.0.2", 80).endswith("second")


def test_who_died_unnoticed_makes_room(host: Lab) -> None:
    catalog.create(host.store, NetworkSpec("small", subnets=(SubnetSpec("10.9.0.0/29"),)))
    members = [host.member(f"m{number}", "small") for number in range(5)]
    with pytest.raises(AddressTaken, match=r"no address of 10\.9\.0\.0/29 is free"):
        host.member("late", "small")
    run("ip", "link", "del", members[2].endpoints[0].host_interface)
    assert host.member("late", "small").ip == "10.9.0.4"


def test_ports_of_who_died_unnoticed_are_free(host: Lab) -> None:
    dead, other = host.member("dead", "bridge"), host.member("other", "bridge")
    dead.publish("8080:80")
    run("ip", "link", "del", dead.endpoints[0].host_interface)
    assert other.publish("8080:80")[0].host_port == 8080
    again = host.member("dead", "bridge")  # started again without an end in between
    assert again.ip == "172.17.0.2"


def test_a_requested_address_and_hardware_address(host: Lab) -> None:
    catalog.create(host.store, NetworkSpec("net", subnets=(SubnetSpec("10.9.0.0/24", ip_range="10.9.0.128/25"),)))
    web = host.member("web", Attachment("net", "10.9.0.7", "02:00:00:00:00:09"))
    assert (web.ip, web.endpoints[0].mac) == ("10.9.0.7", "02:00:00:00:00:09")
    assert host.member("db", "net").ip == "10.9.0.129"  # the first one is the gateway
    with pytest.raises(AddressTaken, match=r"10\.9\.0\.7 of network net is taken by container web"):
        host.member("x", Attachment("net", "10.9.0.7"))
    with pytest.raises(InvalidSpec, match="gateway"):
        host.member("x", Attachment("net", "10.9.0.128"))


def test_a_failed_attachment_leaves_nothing(host: Lab) -> None:
    catalog.create(host.store, NetworkSpec("one"))
    links = run("ip", "-br", "link")
    with pytest.raises(NetworkNotFound, match="there is no network nowhere"):
        host.member("x", "one", "nowhere")
    with pytest.raises(InvalidSpec, match="not inside"):
        host.member("x", "one", Attachment("bridge", "10.0.0.1"))
    assert host.store.query("SELECT * FROM leases") == []
    assert [line.split("@")[0] for line in run("ip", "-br", "link").splitlines() if line.startswith("sv")] == []
    assert "sv" not in links


def test_what_somebody_deleted_comes_back(host: Lab) -> None:
    web = host.member("web", "bridge")
    web.publish("8080:80")
    before = rules(host)
    run("nft", "flush", "ruleset")
    run("ip", "link", "del", catalog.find(host.store, "bridge").bridge)
    web.end()
    again = host.member("web", "bridge")
    again.serve(80)
    again.publish("8080:80")
    assert rules(host) == before
    assert host.ask_from_outside(HOST, 8080) == f"{OUTSIDE} web"


def test_a_running_container_gets_its_bridge_back(host: Lab) -> None:
    web = host.member("web", "bridge")
    web.serve(80)
    run("ip", "link", "del", catalog.find(host.store, "bridge").bridge)
    assert ask(web.ip, 80, patience=SOON) != f"172.17.0.1 {web.name}"
    neighbour = host.member("nb", "bridge")
    assert neighbour.ask(web.ip, 80) == f"{neighbour.ip} web"


def test_a_network_that_fails_leaves_nothing(host: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    links = run("ip", "-br", "link")
    monkeypatch.setattr(nftables, "_PROGRAMS", ())
    with pytest.raises(HostLacks, match="install the package nftables"):
        catalog.create(host.store, NetworkSpec("one"))
    assert run("ip", "-br", "link") == links
    assert [network.name for network in catalog.listing(host.store)] == ["host", "none"]


def test_a_host_without_pyroute2(host: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyroute2", None)
    with pytest.raises(HostLacks, match="install the package python3-pyroute2"):
        catalog.create(host.store, NetworkSpec("one"))
    assert [network.name for network in catalog.listing(host.store)] == ["host", "none"]


def test_an_interface_of_the_host_is_never_taken_over(host: Lab) -> None:
    with pytest.raises(NameTaken, match="an interface wire already"):
        catalog.create(host.store, NetworkSpec("one", driver_options={options.BRIDGE_NAME: "wire"}))
    assert "wire" in run("ip", "-br", "link")


def test_rules_are_replaced_only_when_something_changed(host: Lab) -> None:
    host.member("web", "bridge")
    before = handles(host)
    host.member("db", "bridge").end()
    run("nft", "add", "table", "inet", "somebody_else")
    firewall.sync(host.store)
    assert handles(host) == before
    run("nft", "flush", "chain", "inet", host.store.layout.label.replace("-", "_"), "forward")
    firewall.sync(host.store)
    assert handles(host) != before
    assert "somebody_else" in run("nft", "list", "tables")


def handles(host: Lab) -> list[int]:
    return [item["rule"]["handle"] for item in table(host) if "rule" in item]


def test_beside_docker(host: Lab) -> None:
    """Docker's rules as they are on a host with Docker 20.10, and a container of its own behind docker0."""
    run("ip", "link", "add", "docker0", "type", "bridge")
    run("ip", "addr", "add", "172.17.0.1/16", "dev", "docker0")
    run("ip", "link", "set", "docker0", "up")
    dockers = new_namespace()
    run("ip", "link", "add", "veth0", "type", "veth", "peer", "name", "eth0", "netns", f"/proc/self/fd/{dockers}")
    run("ip", "link", "set", "veth0", "master", "docker0", "up")
    for words in ("addr add 172.17.0.2/16 dev eth0", "link set eth0 up", "route add default via 172.17.0.1"):
        run("ip", *words.split(), namespace=dockers)
    with netns.entered(dockers):
        host.serve("docker", 80)
    run("iptables", "-N", "DOCKER-USER")
    run("iptables", "-A", "DOCKER-USER", "-j", "RETURN")
    run("iptables", "-A", "FORWARD", "-j", "DOCKER-USER")
    run("iptables", "-P", "FORWARD", "DROP")
    before = run("iptables", "-S", "DOCKER-USER")
    catalog.create(host.store, NetworkSpec("one"))
    web, neighbour = host.member("web", "one"), host.member("nb", "one")
    web.serve(80)
    web.publish("8080:80")
    with netns.entered(host.outside):
        host.serve("world", 80)
    assert neighbour.ask(web.ip, 80) == f"{neighbour.ip} web"
    assert web.ask(OUTSIDE, 80) == f"{HOST} world"
    assert host.ask_from_outside(HOST, 8080) == f"{OUTSIDE} web"
    assert web.ask("172.17.0.2", 80, patience=SOON) == "silence"
    with netns.entered(dockers):
        assert ask(web.ip, 80, patience=SOON) == "silence"
    during = run("iptables", "-S", "DOCKER-USER")
    firewall.sync(host.store)
    assert run("iptables", "-S", "DOCKER-USER") == during
    run("iptables", "-F", "DOCKER-USER")
    firewall.sync(host.store)
    assert host.ask_from_outside(HOST, 8080) == f"{OUTSIDE} web"
    run("iptables", "-A", "DOCKER-USER", "-j", "RETURN")
    web.end()
    neighbour.end()
    catalog.remove(host.store, "one")
    assert run("iptables", "-S", "DOCKER-USER") == before
    os.close(dockers)


def test_the_administrators_own_rules_stay_and_come_first(host: Lab) -> None:
    web = host.member("web", "bridge")
    web.serve(80)
    web.publish("8080:80")
    table = host.store.layout.label.replace("-", "_")
    run("nft", "add", "rule", "inet", table, "user", "ip", "saddr", OUTSIDE, "drop")
    assert host.ask_from_outside(HOST, 8080, patience=SOON) == "silence"
    web.publish("8081:80")
    assert host.ask_from_outside(HOST, 8080, patience=SOON) == "silence"
    assert ask(HOST, 8080).endswith(" web")


def test_networks_and_their_conflicts(host: Lab) -> None:
    made = catalog.create(host.store, NetworkSpec("one", subnets=(SubnetSpec("10.9.0.0/16"),)))
    with pytest.raises(NameTaken, match="one already"):
        catalog.create(host.store, NetworkSpec("one"))
    with pytest.raises(AddressTaken, match=r"10\.9\.8\.0/24 overlaps with network one"):
        catalog.create(host.store, NetworkSpec("two", subnets=(SubnetSpec("10.9.8.0/24"),)))
    with pytest.raises(AddressTaken, match=r"overlaps with 192\.0\.2\.0/24 on the host's wire"):
        catalog.create(host.store, NetworkSpec("two", subnets=(SubnetSpec("192.0.0.0/16"),)))
    assert [network.name for network in catalog.listing(host.store)] == ["host", "none", "one"]
    assert catalog.find(host.store, made.id[:8]).name == "one"
    for name in ("bridge", "default", "host", "none"):
        with pytest.raises(NameTaken, match="predefined"):
            catalog.create(host.store, NetworkSpec(name))
    assert made.bridge in run("ip", "-br", "link")
    catalog.remove(host.store, "one")
    assert made.bridge not in run("ip", "-br", "link")
    assert rules(host) == []


def test_the_host_can_be_left_clean(host: Lab) -> None:
    before = run("ip", "-br", "link")
    host.member("web", "bridge").end()
    catalog.remove(host.store, "bridge")
    assert "skiff0" not in run("ip", "-br", "link")
    assert rules(host) == []
    assert "skiff0" not in before
    for name in ("host", "none"):
        with pytest.raises(InvalidSpec, match="cannot be removed"):
            catalog.remove(host.store, name)
    assert host.member("again", "bridge").ip == "172.17.0.2"


def test_the_bridge_of_a_lost_installation_is_used_again(host: Lab) -> None:
    host.member("web", "bridge").end()
    with host.store.transaction() as db:
        db.execute("DELETE FROM networks")
    again = host.member("web", "bridge")
    assert again.ask(str(again.endpoints[0].gateway(4)), 80) == "refused"


def test_automatic_subnets_avoid_the_hosts(host: Lab) -> None:
    run("ip", "route", "add", "172.18.0.0/16", "via", OUTSIDE)
    run("ip", "addr", "add", "172.19.3.1/24", "dev", "wire")
    subnet = catalog.create(host.store, NetworkSpec("one")).subnets[0]
    assert (str(subnet.network), str(subnet.gateway)) == ("172.20.0.0/16", "172.20.0.1")


def test_a_network_in_use_stays(host: Lab) -> None:
    catalog.create(host.store, NetworkSpec("one"))
    web = host.member("web", "one")
    with pytest.raises(InUse, match="network one is in use by web"):
        catalog.remove(host.store, "one")
    run("ip", "link", "del", web.endpoints[0].host_interface)  # it died, and nobody noted it
    catalog.remove(host.store, "one")


def test_disconnecting_takes_one_interface(host: Lab) -> None:
    for name in ("one", "two"):
        catalog.create(host.store, NetworkSpec(name))
    web = host.member("web", "one", "two")
    attach.detach(host.store, web.id, catalog.find(host.store, "two"))
    assert "eth1" not in web.run("ip", "-br", "link")
    assert "eth0" in web.run("ip", "-br", "link")
    assert "web" in host.hosts("web").partition("neighbours")[2]
    attach.detach(host.store, web.id, catalog.find(host.store, "one"))
    assert "neighbours" not in host.hosts("web")
    more = attach.attach(host.store, web.id, "web", web.namespace, [Attachment("two"), Attachment("one")])
    assert [(endpoint.interface, endpoint.network.name) for endpoint in more] == [("eth0", "two"), ("eth1", "one")]
    with pytest.raises(WrongState, match="web is on network one already"):
        attach.attach(host.store, web.id, "web", web.namespace, [Attachment("one")])


def test_the_default_route_goes_by_the_next_network(host: Lab) -> None:
    catalog.create(host.store, NetworkSpec("inner", internal=True))
    for name in ("one", "two"):
        catalog.create(host.store, NetworkSpec(name))
    web = host.member("web", "one", "inner", "two")
    for name, gateway in (("inner", web.endpoints[0].gateway(4)), ("one", web.endpoints[2].gateway(4)), ("two", None)):
        attach.detach(host.store, web.id, catalog.find(host.store, name))
        attach.reroute(host.store, web.id, web.namespace)
        assert web.run("ip", "route", "show", "default").split()[2:3] == ([str(gateway)] if gateway else [])


def test_an_interface_as_it_was_wished_for(host: Lab) -> None:
    catalog.create(host.store, NetworkSpec("one", enable_ipv6=True))
    options = {
        SYSCTLS: "net.ipv4.conf.IFNAME.log_martians=1,net.ipv6.conf.IFNAME.hop_limit=33",
        INTERFACE_NAME: "web.0",
    }
    wish = Attachment("one", link_local=("169.254.7.7", "fe80::77"), driver_options=options)
    web = host.member("web", wish)
    addresses = web.run("ip", "-o", "addr", "show", "dev", "web.0")
    assert "inet 169.254.7.7/16 " in addresses
    assert "inet6 fe80::77/64 " in addresses
    assert web.run("cat", "/proc/sys/net/ipv4/conf/web.0/log_martians") == "1\n"
    assert web.run("cat", "/proc/sys/net/ipv6/conf/web.0/hop_limit") == "33\n"


def test_wishes_that_an_interface_cannot_have(host: Lab) -> None:
    catalog.create(host.store, NetworkSpec("one"))
    catalog.create(host.store, NetworkSpec("two"))
    with pytest.raises(InvalidSpec, match="no IPv6"):
        host.member("web", Attachment("one", link_local=("fe80::77",)))
    with pytest.raises(InvalidSpec, match="an interface lo already"):
        host.member("web", Attachment("one", driver_options={INTERFACE_NAME: "lo"}))
    same = [Attachment(name, driver_options={INTERFACE_NAME: "same"}) for name in ("one", "two")]
    with pytest.raises(InvalidSpec, match="an interface same already"):
        host.member("web", *same)
    with pytest.raises(FileNotFoundError, match="no_such"):
        host.member("web", Attachment("one", driver_options={SYSCTLS: "net.ipv4.conf.IFNAME.no_such=1"}))
    web = host.member("web", Attachment("one", driver_options={INTERFACE_NAME: "eth1"}), "two")
    assert [endpoint.interface for endpoint in web.endpoints] == ["eth0", "eth1"]


def test_the_default_route_goes_by_the_highest_priority(host: Lab) -> None:
    for name in ("one", "two", "three"):
        catalog.create(host.store, NetworkSpec(name, enable_ipv6=True))
    web = host.member("web", "one", Attachment("two", priority=5))

    def ways() -> list[str]:
        lines = [web.run("ip", version, "route", "show", "default").split() for version in ("-4", "-6")]
        return [words[words.index("dev") + 1] for words in lines]

    assert ways() == ["eth1", "eth1"]
    attach.attach(host.store, web.id, "web", web.namespace, [Attachment("three", priority=7)])
    assert ways() == ["eth2", "eth2"]
    for name, interface in (("three", "eth1"), ("two", "eth0")):
        attach.detach(host.store, web.id, catalog.find(host.store, name))
        attach.reroute(host.store, web.id, web.namespace)
        assert ways() == [interface, interface]


def test_inspect_has_dockers_shape(host: Lab) -> None:
    spec = NetworkSpec("one", subnets=(SubnetSpec("10.9.0.0/16", "10.9.0.9"),), labels={"a": "b"})
    made = catalog.create(host.store, spec)
    web = host.member("web", "one")
    answer = catalog.inspect(host.store, "one")
    assert answer["IPAM"] == {
        "Driver": "default",
        "Options": {},
        "Config": [{"Subnet": "10.9.0.0/16", "Gateway": "10.9.0.9"}],
    }
    assert answer["Containers"] == {
        web.id: {
            "Name": "web",
            "EndpointID": web.endpoints[0].id,
            "MacAddress": "02:42:0a:09:00:01",
            "IPv4Address": "10.9.0.1/16",
            "IPv6Address": "",
        }
    }
    assert (answer["Name"], answer["Id"], answer["Labels"]) == ("one", made.id, {"a": "b"})


def test_forwarding_is_switched_on(host: Lab) -> None:
    run("sysctl", "-w", "net.ipv4.ip_forward=0")
    host.member("web", "bridge")
    assert run("sysctl", "-n", "net.ipv4.ip_forward") == "1\n"


def test_sctp_ports_are_translated(host: Lab) -> None:
    web = host.member("web", "bridge")
    web.publish("8080:80/sctp")
    assert "sctp" in str(rules(host))


def test_the_kernels_refusal_keeps_its_errno(host: Lab) -> None:
    from runtime_lib.linux.netlink import bridges

    with pytest.raises(OSError, match=r"Invalid argument|File exists|Numerical result") as caught:
        bridges.create_bridge("x" * 20, 1500, "")
    assert caught.value.errno


def test_a_socket_belongs_to_the_host_again(host: Lab) -> None:
    with netns.fresh() as descriptor:
        pass
    os.close(descriptor)
    with socket.socket() as probe:
        probe.bind((HOST, 0))
