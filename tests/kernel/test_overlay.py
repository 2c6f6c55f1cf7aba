"""Overlay networks: three hosts as network namespaces with installations of their own, and VXLAN between them."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from runtime_lib.cli import network_peers
from runtime_lib.errors import AddressTaken, InvalidSpec, NameTaken
from runtime_lib.linux import netns
from runtime_lib.networks import catalog, overlay, peering
from runtime_lib.networks.options import MTU
from runtime_lib.networks.spec import NetworkSpec, SubnetSpec
from runtime_lib.networks.wish import Attachment
from tests.support import waiting
from tests.support.netlab import PATIENCE, Member
from tests.support.site import Host, site

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")

_ARP = 0x0806  # ETH_P_ARP
_EXPERIMENT = 0x88B5  # IEEE 802: for experiments


@pytest.fixture
def hosts(tmp_path: Path) -> Iterator[list[Host]]:
    with site(tmp_path, 3) as made:
        yield made


def web(host: Host) -> Member:
    """Start a container that answers."""
    member = host.member(f"web{host.number}")
    member.serve(80)
    return member


def test_containers_of_three_hosts_reach_each_other_by_name(hosts: list[Host]) -> None:
    for host in hosts:
        host.create(hosts)
    members = [web(host) for host in hosts]
    assert [member.ip for member in members] == ["10.20.1.1", "10.20.2.1", "10.20.3.1"]
    for host in hosts:
        host.change(hosts)
    for host, member in zip(hosts, members):
        known = host.names(member)
        for other in members:
            assert member.ask(known[other.name], 80) == f"{member.ip} {other.name}"


def test_they_reach_each_other_before_anybody_has_told_their_names(hosts: list[Host]) -> None:
    for host in hosts[:2]:
        host.create(hosts[:2])
    first, second = (web(host) for host in hosts[:2])
    assert first.ask(second.ip, 80) == f"{first.ip} web2"
    assert "web2" not in hosts[0].names(first)


def test_the_gateway_is_each_hosts_own_and_leads_out(hosts: list[Host]) -> None:
    for host in hosts[:2]:
        host.create(hosts[:2])
    second = web(hosts[1])
    assert str(second.endpoints[0].gateway(4)) == "10.20.2.0"
    with netns.entered(hosts[1].lab.outside):
        hosts[1].lab.serve("world", 80)
    assert second.ask("192.0.2.2", 80) == "192.0.2.1 world"


def test_a_known_container_is_found_without_asking_all_hosts(hosts: list[Host]) -> None:
    for host in hosts:
        host.create(hosts)
    first, second = web(hosts[0]), web(hosts[1])
    for host in hosts:
        host.change(hosts)
    mac = second.endpoints[0].mac
    bridge = catalog.find(hosts[0].lab.store, "mesh").bridge
    entries = hosts[0].run("bridge", "fdb", "show").splitlines()
    assert [line for line in entries if mac in line and f"dst {hosts[1].address} self permanent" in line]
    assert f"{second.ip} lladdr {mac} PERMANENT" in hosts[0].run("ip", "neigh", "show", "dev", bridge)
    with netns.entered(hosts[2].namespace):
        heard = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ARP))
    with heard:
        assert first.ask(second.ip, 80) == f"{first.ip} web2"
        heard.setblocking(False)
        assert not [frame for frame in received(heard) if socket.inet_aton(second.ip) in frame]


def received(heard: socket.socket) -> Iterator[bytes]:
    with suppress(BlockingIOError):
        while True:
            yield heard.recv(2000)


def test_a_host_leaves_and_joins_and_nobody_else_notices(hosts: list[Host]) -> None:
    for host in hosts:
        host.create(hosts)
    first, second, third = (web(host) for host in hosts)
    for host in hosts:
        host.change(hosts)
    with netns.entered(first.namespace), socket.create_connection((second.ip, 80), PATIENCE) as open_connection:
        before = indices(hosts[0])
        hosts[0].change(hosts[:2])
        assert "web3" not in hosts[0].names(first)
        assert hosts[2].address not in hosts[0].run("bridge", "fdb", "show")
        hosts[0].change(hosts)
        assert hosts[0].names(first)["web3"] == third.ip
        assert indices(hosts[0]) == before
        assert open_connection.recv(100).decode() == f"{first.ip} web2"
    assert first.ask(third.ip, 80) == f"{first.ip} web3"


def indices(host: Host) -> list[str]:
    """Return the interfaces of a host with their numbers: one that is made anew has another one."""
    return sorted(":".join(line.split(":")[:2]) for line in host.run("ip", "-o", "link").splitlines())


def test_frames_are_taken_from_peers_alone(hosts: list[Host]) -> None:
    hosts[0].create(hosts[:2])
    with netns.entered(hosts[0].namespace):
        network = catalog.find(hosts[0].lab.store, "mesh")
        heard = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_EXPERIMENT))
        heard.bind((network.bridge, 0))
        heard.settimeout(PATIENCE)
    header = b"\x08\0\0\0" + overlay.vni(network.spec).to_bytes(3, "big") + b"\0"

    def send(host: Host) -> None:
        frame = b"\xff" * 6 + b"\x02\0\0\0\0\x09" + _EXPERIMENT.to_bytes(2, "big") + host.name.encode().ljust(50, b"\0")
        with netns.entered(host.namespace), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(header + frame, (hosts[0].address, overlay.port(network.spec)))

    with heard:
        for host in (hosts[2], hosts[1]):
            send(host)
        assert b"host2" in heard.recv(2000), "the first one that comes is not the stranger's"
        hosts[0].change(hosts, told=False)
        send(hosts[2])
        assert b"host3" in heard.recv(2000)


def test_nothing_is_written_when_nothing_changed(hosts: list[Host]) -> None:
    hosts[0].create(hosts)
    web(hosts[0])
    with netns.entered(hosts[0].namespace):
        network = catalog.find(hosts[0].lab.store, "mesh")
        assert overlay.sound(network)
        interface = overlay.interface(network)
        hosts[0].run("bridge", "fdb", "del", "00:00:00:00:00:00", "dev", interface, "dst", hosts[1].address, "self")
        assert [entry.address for entry in overlay.plan(network).new] == [hosts[1].address]
        assert not overlay.sound(network)
        peering.mend(hosts[0].lab.store, "mesh")
        assert overlay.sound(network)


@pytest.mark.parametrize("which", ["bridge", "vxlan", "both"])
def test_interfaces_that_somebody_deleted_come_back_with_the_next_container(hosts: list[Host], which: str) -> None:
    for host in hosts[:2]:
        host.create(hosts[:2])
    first, second = (web(host) for host in hosts[:2])
    network = catalog.find(hosts[0].lab.store, "mesh")
    names = {"bridge": [network.bridge], "vxlan": [overlay.interface(network)]}
    for name in names.get(which, [network.bridge, overlay.interface(network)]):
        hosts[0].run("ip", "link", "del", name)
    third = hosts[0].member("third")
    assert [member.ask(second.ip, 80) for member in (first, third)] == [f"{one.ip} web2" for one in (first, third)]


def test_removing_leaves_nothing(hosts: list[Host]) -> None:
    before = indices(hosts[0])
    hosts[0].create(hosts)
    hosts[0].member("db").end()
    with netns.entered(hosts[0].namespace):
        catalog.remove(hosts[0].lab.store, "mesh")
    waiting.until(lambda: indices(hosts[0]) == before, PATIENCE)  # the kernel ends namespaces a little later


def test_addresses_come_from_the_hosts_own_slice(hosts: list[Host]) -> None:
    hosts[0].create(hosts)
    fixed = hosts[0].member("fixed", Attachment("mesh", "10.20.1.77"))
    assert fixed.ip == "10.20.1.77"
    with pytest.raises(InvalidSpec, match=r"10\.20\.2\.5 is not inside 10\.20\.1\.0/24"):
        hosts[0].member("other", Attachment("mesh", "10.20.2.5"))


def refused(host: Host, spec: NetworkSpec, error: type[Exception], word: str) -> None:
    before = indices(host)
    with netns.entered(host.namespace), pytest.raises(error, match=word):
        catalog.create(host.lab.store, spec)
    assert indices(host) == before


def test_peers_and_options_that_do_not_fit_the_host(hosts: list[Host]) -> None:
    here, there = hosts[0], hosts[1]
    peers, own = here.peers([there]), here.spec([]).subnets
    refused(here, NetworkSpec("mesh", "overlay", own, peers=there.peers([here])), InvalidSpec, "overlaps")
    itself = Host(9, here.lab, here.namespace)
    itself.address = here.address
    refused(here, here.spec([itself]), InvalidSpec, r"peer host9 is this host \(198\.51\.100\.1\)")
    refused(here, here.spec([there], address=there.address), InvalidSpec, "host2 is this host")
    refused(here, here.spec([there], **{MTU: "1500"}), InvalidSpec, "at most 1450")
    far = Host(8, here.lab, here.namespace)
    far.address = "203.0.113.8"
    refused(here, here.spec([far]), InvalidSpec, r"no route to peer host8 \(203\.0\.113\.8\)")
    refused(here, NetworkSpec("mesh", "overlay", peers=peers), InvalidSpec, "needs one subnet")
    refused(here, here.spec([there], vni="0"), InvalidSpec, "vni must be a number from 1")
    refused(here, here.spec([there], parent="eth0"), InvalidSpec, "unknown driver option parent")
    gateway = SubnetSpec("10.20.0.0/16", "10.20.0.1", here.slice)
    refused(here, NetworkSpec("mesh", "overlay", (gateway,)), InvalidSpec, "gateway 10.20.0.1 is not inside the slice")
    refused(here, NetworkSpec("plain", peers=peers), InvalidSpec, "only overlay networks have peers")


def test_a_number_that_is_taken(hosts: list[Host]) -> None:
    here = hosts[0]
    here.create(hosts, vni="42")
    here.run("ip", "link", "add", "vx9", "type", "vxlan", "id", "43", "dstport", "4789")
    for number, who in (("42", "network mesh"), ("43", "the interface vx9")):
        subnets = (SubnetSpec("10.30.0.0/16", ip_range="10.30.1.0/24"),)
        other = NetworkSpec("other", "overlay", subnets, driver_options={"vni": number})
        refused(here, other, NameTaken, f"{who} has VNI {number}")
    refused(here, NetworkSpec("other", "overlay", here.spec([]).subnets), AddressTaken, "overlaps with network mesh")


def test_peers_are_refused_before_anything_is_touched(hosts: list[Host]) -> None:
    here = hosts[0]
    here.create(hosts[:2])
    before = here.run("bridge", "fdb", "show")
    itself = Host(9, here.lab, here.namespace)
    itself.address = here.address
    with pytest.raises(InvalidSpec, match="is this host"):
        here.change([hosts[1], itself], told=False)
    assert here.run("bridge", "fdb", "show") == before
    assert [peer.name for peer in catalog.find(here.lab.store, "mesh").spec.peers] == ["host2"]


def test_names_travel_at_a_shell(
    hosts: list[Host], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def peers(host: Host, *words: str) -> str:
        monkeypatch.setenv("SKIFF_ROOT", host.lab.store.layout.root)
        monkeypatch.setenv("SKIFF_RUN", host.lab.store.layout.run)
        with netns.entered(host.namespace):
            assert network_peers.peers([*words, "mesh"]) == 0
        return capfd.readouterr().out

    told = tmp_path / "told"

    def tell() -> None:
        told.write_text("".join(peers(host, "--tell", f"{host.name}={host.address}") for host in hosts))
        for host in hosts:
            peers(host, "--from", str(told))

    for host in hosts:
        host.create([])
    members = [web(host) for host in hosts]
    tell()
    for host, member in zip(hosts, members):
        known = host.names(member)
        assert [member.ask(known[other.name], 80) for other in members] == [
            f"{member.ip} {one.name}" for one in members
        ]
    members[2].end()
    tell()
    assert "web3" not in hosts[0].names(members[0])
    assert [line.split()[0] for line in peers(hosts[0]).splitlines()] == ["NAME", "host2", "host3"]


@pytest.mark.parametrize("options", [{}, {"control": "evpn", "address": "198.51.100.1"}], ids=["static", "evpn"])
def test_a_container_gets_no_frame_into_a_network_that_it_is_not_on(hosts: list[Host], options: dict[str, str]) -> None:
    """Not even by the address of a peer, which it may send from with the capability that all have."""
    here = hosts[0]
    here.create(hosts[:2], **options)
    with netns.entered(here.namespace):
        network = catalog.find(here.lab.store, "mesh")
        catalog.create(here.lab.store, NetworkSpec("other"))
        heard = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_EXPERIMENT))
    heard.bind((network.bridge, 0))
    heard.settimeout(PATIENCE)
    stranger = here.member("stranger", "other")
    stranger.run("ip", "addr", "add", f"{hosts[1].address}/32", "dev", "lo")
    frame = b"\xff" * 6 + b"\x02\0\0\0\0\x09" + _EXPERIMENT.to_bytes(2, "big")
    header = b"\x08\0\0\0" + overlay.vni(network.spec).to_bytes(3, "big") + b"\0"
    senders = ((stranger.namespace, "forged"), (hosts[1].namespace, "true"))
    with heard:
        for namespace, word in senders:
            with netns.entered(namespace), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                sender.bind((hosts[1].address, 0))
                sender.sendto(header + frame + word.encode().ljust(50, b"\0"), (here.address, 4789))
        assert b"true" in heard.recv(2000), "the first one that comes is not the container's"
