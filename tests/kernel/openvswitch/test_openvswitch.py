"""Networks on Open vSwitch in user space: two hosts, each a network namespace with daemons of its own."""

from __future__ import annotations

import os
import shutil
import socket
from pathlib import Path

import pytest

from runtime_lib.errors import HostLacks, InvalidSpec, NameTaken
from runtime_lib.linux import ethtool, netns
from runtime_lib.networks import catalog
from runtime_lib.networks.namespace import new_namespace
from runtime_lib.networks.spec import NetworkSpec, SubnetSpec
from runtime_lib.networks.wish import Attachment
from tests.support import netlab
from tests.support.netlab import SOON, UNREACHABLE, Member, run
from tests.support.ovshosts import SHARED, SLICES, Host, a_host, share, talk
from tests.support.waiting import until

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root"),
    pytest.mark.skipif(not shutil.which("ovs-vsctl"), reason="needs openvswitch-switch"),
]


def test_neighbours_the_host_and_the_world(host: Host) -> None:
    host.create("net")
    web, client = host.member("web", "net"), host.member("client", "net")
    talk(client, web)
    gateway = str(web.endpoints[0].network.subnets[0].gateway)
    host.lab.serve("host", 8080)
    until(lambda: client.ask(gateway, 8080, patience=SOON) == f"{client.ip} host", 60)
    web.publish("18080:80")
    until(lambda: host.lab.ask_from_outside(netlab.HOST, 18080, patience=SOON) == f"{netlab.OUTSIDE} web", 60)
    host.end(web, client)
    host.remove("net")
    assert host.ovs.ports() == {}


@pytest.mark.parametrize("tunnel", ["gre", "vxlan", "geneve"])
def test_containers_of_two_hosts_reach_each_other(hosts: tuple[Host, Host], tunnel: str) -> None:
    before = [one.interfaces() for one in hosts]
    share(hosts, tunnel=tunnel, key="7")
    web, client = hosts[0].member("web", "net"), hosts[1].member("client", "net")
    assert (web.ip, client.ip) == ("10.77.1.1", "10.77.2.1")
    talk(client, web)
    size = {"gre": 1458, "vxlan": 1450, "geneve": 1450}[tunnel]
    assert f"mtu {size}" in web.run("ip", "link", "show", "eth0")
    web.run("busybox", "ping", "-c", "1", "-W", "20", "-s", str(size - 28), client.ip)
    for one, member, links in zip(hosts, (web, client), before):
        one.disconnect(member)
        one.remove("net")
        assert one.ovs.ports() == {"uplink": ["ether"]}
        assert one.interfaces() == links


def test_three_hosts_are_no_loop(hosts: tuple[Host, Host], tmp_path: Path) -> None:
    """Each has a tunnel to all others: a broadcast arrives once, and everybody reaches everybody."""
    with a_host(tmp_path / "c") as third:
        everyone = (*hosts, third)
        peer = f"/proc/self/fd/{hosts[0].namespace}"
        run("ip", "link", "add", "ether", "type", "veth", "peer", "name", "more", "netns", peer)
        run("ip", "link", "set", "ether", "up")
        run("ip", "link", "set", "more", "up", namespace=hosts[0].namespace)
        hosts[0].ovs.ctl("add-port", "uplink", "more")
        third.ovs.uplink("uplink", "ether", "198.51.100.3/24")
        addresses = [f"198.51.100.{number}" for number in (1, 2, 3)]
        for number, one in enumerate(everyone, 1):
            remotes = ",".join(address for address in addresses if not address.endswith(str(number)))
            one.create("net", SubnetSpec(SHARED, ip_range=f"10.77.{number}.0/24"), tunnel="gre", remote_ip=remotes)
        a, b, c = [one.member(name, "net") for one, name in zip(everyone, "abc")]
        for port, pair in enumerate(((a, b), (b, c), (c, a)), 80):
            talk(*pair, port)
        answers = c.run("busybox", "arping", "-c", "3", "-I", "eth0", a.ip)
        assert "Received 3 response" in answers, answers


def test_vlans_separate_networks_on_one_bridge(host: Host) -> None:
    """Both have the same bridge, which is gone with the last of them."""
    for name, tag in (("left", "10"), ("right", "20")):
        host.create(name, SubnetSpec(f"10.{tag}.0.0/24"), bridge="shared", tag=tag)
    left, friend, right = host.member("l", "left"), host.member("f", "left"), host.member("r", "right")
    talk(left, friend)
    # Whoever listens to all frames of the other VLAN sees none of these: not even who is asked for by broadcast.
    right.run("ip", "addr", "add", "10.10.0.9/24", "dev", "eth0")
    right.serve(81)
    assert left.ask("10.10.0.9", 81, patience=SOON) in UNREACHABLE
    assert host.ovs.ctl("get", "Port", left.endpoints[0].host_interface, "tag").strip() == "10"
    host.end(left, friend, right)
    host.remove("left")
    assert list(host.ovs.ports()) == ["shared"]
    host.remove("right")
    assert host.ovs.ports() == {}


@pytest.mark.parametrize("gateway", ["", "10.9.0.9"])
def test_the_host_is_the_gateway_on_a_bridge_that_was_there(host: Host, gateway: str) -> None:
    host.ovs.ctl("add-br", "lan", "--", "set", "Bridge", "lan", "datapath_type=netdev")
    host.create("net", SubnetSpec("10.9.0.0/24", gateway), bridge="lan")
    web, client = host.member("web", "net"), host.member("client", "net")
    talk(client, web)
    assert f"default via {gateway or '10.9.0.1'} dev eth0" in web.run("ip", "route")
    web.publish("18080:80")
    until(lambda: host.lab.ask_from_outside(netlab.HOST, 18080, patience=SOON) == f"{netlab.OUTSIDE} web", 60)
    host.end(web, client)
    host.remove("net")
    assert host.ovs.ports() == {"lan": []}


def test_a_bridge_that_is_there_is_kept(host: Host) -> None:
    host.ovs.ctl("add-br", "lan", "--", "set", "Bridge", "lan", "datapath_type=netdev")
    with pytest.raises(InvalidSpec, match="bridge lan has datapath_type netdev, not system"):
        host.create("net", bridge="lan", datapath_type="system")
    host.create("net", bridge="lan")
    web, client = host.member("web", "net"), host.member("client", "net")
    talk(client, web)
    host.end(web, client)
    host.remove("net")
    assert host.ovs.ports() == {"lan": []}
    host.create("net", bridge="lan")
    host.ovs.ctl("del-br", "lan")
    with pytest.raises(HostLacks, match="its bridge lan, which was there before it, is gone"):
        host.member("web", "net")
    host.remove("net")


def test_containers_are_machines_of_a_vlan_whose_router_is_another_one(host: Host) -> None:
    router = new_namespace()
    host.ovs.ctl("add-br", "lan", "--", "set", "Bridge", "lan", "datapath_type=netdev")
    run("ip", "link", "add", "port", "type", "veth", "peer", "name", "eth0", "netns", f"/proc/self/fd/{router}")
    run("ip", "link", "set", "port", "up")
    host.ovs.ctl("add-port", "lan", "port", "tag=10")
    with netns.entered(router):
        ethtool.compute_checksums("eth0")
        for words in ("link set eth0 up", "addr add 10.50.0.1/24 dev eth0"):
            run("ip", *words.split())
    links = host.interfaces()
    subnet = SubnetSpec("10.50.0.0/24", "10.50.0.1", "10.50.0.128/25")
    host.create("net", subnet, bridge="lan", tag="10", gateway_on_host="false")
    assert host.interfaces() == links
    web = host.member("web", "net")
    with netns.entered(router):
        host.lab.serve("router", 80)
    until(lambda: web.ask("10.50.0.1", 80, patience=SOON) == "10.50.0.128 router", 60)
    assert "default via 10.50.0.1" in web.run("ip", "route")
    host.disconnect(web)
    host.remove("net")
    assert host.interfaces() == links
    with pytest.raises(InvalidSpec, match="there is no bridge far"):
        host.create("far", subnet, bridge="far", gateway_on_host="false")
    os.close(router)


def test_what_is_in_the_way(hosts: tuple[Host, Host]) -> None:
    one = hosts[0]
    with pytest.raises(NameTaken, match="the host's ether is no bridge of Open vSwitch"):
        one.create("net", bridge="ether")
    share(hosts, tunnel="gre", key="5")
    subnet = SubnetSpec("10.78.0.0/16", ip_range=SLICES[0].replace("77", "78"))
    with pytest.raises(NameTaken, match="is a tunnel with the same remote_ip and key"):
        one.create("other", subnet, tunnel="gre", remote_ip="198.51.100.2", key="5")
    one.create("other", subnet, tunnel="gre", remote_ip="198.51.100.2", key="6")
    one.remove("other")


def test_containers_that_may_not_talk(host: Host) -> None:
    host.create("net", **{"com.docker.network.bridge.enable_icc": "false"})
    web, client = host.member("web", "net"), host.member("client", "net")
    web.serve(80)
    host.lab.serve("host", 8080)
    gateway = str(web.endpoints[0].gateway(4))
    until(lambda: client.ask(gateway, 8080, patience=SOON) == f"{client.ip} host", 60)
    assert client.ask(web.ip, 80, patience=SOON) in UNREACHABLE


def test_a_host_without_what_it_needs(host: Host) -> None:
    with pytest.raises(HostLacks, match=f"does not answer at unix:{host.ovs.folder}/none.sock .*systemctl start"):
        host.create("net", database=f"unix:{host.ovs.folder}/none.sock")
    assert [network.name for network in catalog.listing(host.lab.store)] == ["host", "none"]


def test_the_hosts_end_of_a_container_is_no_way_out(host: Host) -> None:
    """In user space the host's own stack sees what comes in there: it neither answers nor routes it."""
    with netns.entered(host.namespace):
        spec = NetworkSpec(
            "net", "openvswitch", internal=True,
            driver_options={"database": host.ovs.database, "datapath_type": host.datapath},
        )  # fmt: skip
        catalog.create(host.lab.store, spec)
    web = host.member("web", "net")
    with netns.entered(host.lab.outside):
        world = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    gateway = str(web.endpoints[0].network.subnets[0].gateway)
    until(lambda: asked_for(web, gateway), 60)
    assert mac(host, web.endpoints[0].network.bridge) in web.run("ip", "neigh", "show", gateway)
    web.run("ip", "neigh", "replace", gateway, "lladdr", mac(host, web.endpoints[0].host_interface), "dev", "eth0")
    web.run("ip", "route", "add", "default", "via", gateway)
    with world:
        world.bind((netlab.OUTSIDE, 80))
        world.settimeout(SOON)
        web.ask(netlab.OUTSIDE, 80, "udp", patience=0.1)
        with pytest.raises(TimeoutError):
            world.recv(10)


def mac(host: Host, interface: str) -> str:
    return run("ip", "-o", "link", "show", interface, namespace=host.namespace).partition("link/ether ")[2].split()[0]


def asked_for(member: Member, address: str) -> bool:
    """Have a container ask for a neighbour; return whether it knows it now."""
    member.ask(address, 9, patience=0.2)
    return "lladdr" in member.run("ip", "neigh", "show", address)


def test_an_address_of_another_hosts_slice(hosts: tuple[Host, Host]) -> None:
    share(hosts, tunnel="vxlan")
    with pytest.raises(InvalidSpec, match="10.77.2.9 is not inside 10.77.1.0/24, of which this host gives out"):
        hosts[0].member("web", Attachment("net", "10.77.2.9"))
    assert hosts[0].member("web", Attachment("net", "10.77.1.9")).ip == "10.77.1.9"


def test_what_somebody_took_away_is_mended(host: Host) -> None:
    host.create("net")
    web, client = host.member("web", "net"), host.member("client", "net")
    (bridge,) = host.ovs.ports()
    host.ovs.ctl("del-br", bridge)
    third = host.member("third", "net")
    for member in (client, third):
        talk(member, web, 80 + len(member.name))
    host.ovs.ctl("del-port", web.endpoints[0].network.bridge)
    host.end(third)
    fourth = host.member("fourth", "net")
    talk(fourth, web, 90)
    host.lab.serve("host", 8080)
    until(lambda: fourth.ask(str(web.endpoints[0].gateway(4)), 8080, patience=SOON) == f"{fourth.ip} host", 60)


def test_ports_of_containers_that_died_are_taken_away(host: Host) -> None:
    host.create("net")
    web = host.member("web", "net")
    name = web.endpoints[0].host_interface
    web.vanish()
    until(lambda: name not in host.interfaces(), 60)
    client = host.member("client", "net")
    (ports,) = host.ovs.ports().values()
    assert ports == sorted([client.endpoints[0].host_interface, client.endpoints[0].network.bridge])


def test_a_daemon_that_does_not_follow(host: Host) -> None:
    """The database has the changes then: they are taken back, and done by the next call when it runs again."""
    host.create("net")
    host.ovs.end("ovs-vswitchd")
    with pytest.raises(HostLacks, match="ovs-vswitchd has not followed its database"):
        host.member("web", "net")
    host.ovs.start_daemon()
    web, client = host.member("web", "net"), host.member("client", "net")
    talk(client, web)
    host.end(web, client)
    host.remove("net")
    assert host.ovs.ports() == {}
