"""What a user of Open vSwitch may get wrong, and what a host may lose: nothing leaks, nothing stays half made."""

from __future__ import annotations

import os
import shutil
import signal
import socket
from collections.abc import Callable
from contextlib import suppress

import pytest

from runtime_lib.errors import HostLacks, InvalidSpec
from runtime_lib.linux import netns
from runtime_lib.networks import catalog, mending
from runtime_lib.networks.spec import NetworkSpec, SubnetSpec
from runtime_lib.records import replace
from tests.support.netlab import SOON, Member, run
from tests.support.ovshosts import SHARED, SLICES, Host, share, talk
from tests.support.waiting import until

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root"),
    pytest.mark.skipif(not shutil.which("ovs-vsctl"), reason="needs openvswitch-switch"),
]

_EXPERIMENT = 0x88B5  # IEEE 802: for experiments
_VLAN = 0x8100  # IEEE 802.1Q
SIX = "fd00:77::/64"


def listening(member: Member) -> socket.socket:
    with netns.entered(member.namespace):
        heard = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_EXPERIMENT))
    heard.bind(("eth0", 0))
    return heard


def send(member: Member, word: bytes, *vlan: int) -> None:
    """Send a frame to everybody, with a tag of a VLAN if one is given."""
    tags = b"".join(_VLAN.to_bytes(2, "big") + number.to_bytes(2, "big") for number in vlan)
    kind = tags + _EXPERIMENT.to_bytes(2, "big")
    with netns.entered(member.namespace), socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sender:
        sender.bind(("eth0", 0))
        sender.send(b"\xff" * 6 + member.endpoints[0].mac_bytes + kind + word.ljust(50, b"\0"))


def words(heard: socket.socket) -> set[bytes]:
    """Return what has come: the words of frames."""
    heard.settimeout(0.1)
    found = set()
    with suppress(TimeoutError):
        while True:
            found.add(heard.recv(2000)[14:].rstrip(b"\0"))
    return found


def test_a_container_without_a_vlan_gets_into_none_by_a_tag_of_its_own(host: Host) -> None:
    host.create("plain", bridge="shared")
    host.create("office", bridge="shared", tag="10")
    sender, neighbour, member = host.member("a", "plain"), host.member("b", "plain"), host.member("c", "office")
    other = host.member("d", "office")
    with listening(member) as inside, listening(neighbour) as beside:

        def both_hear() -> bool:
            send(sender, b"tagged", 10)
            send(sender, b"twice", 1, 10)
            send(other, b"office")
            send(sender, b"plain")
            found = words(inside), words(beside)
            assert not found[0] & {b"tagged", b"twice", b"plain"}
            assert not found[1] & {b"office"}
            return b"office" in found[0] and b"plain" in found[1]

        until(both_hear, 60)


def test_a_host_that_names_itself(hosts: tuple[Host, Host]) -> None:
    subnet = SubnetSpec(SHARED, ip_range=SLICES[0])
    with pytest.raises(InvalidSpec, match=r"198\.51\.100\.1 is this host itself; name only the others"):
        hosts[0].create("net", subnet, tunnel="gre", remote_ip="198.51.100.2,198.51.100.1")
    assert hosts[0].ovs.ports() == {"uplink": ["ether"]}


def _with_ipv6(hosts: tuple[Host, Host], ipv4: bool, **more: str) -> list[Member]:
    for number, (one, part) in enumerate(zip(hosts, SLICES), 1):
        subnets = [SubnetSpec(SIX, ip_range=f"fd00:77:0:0:{number}::/80")]
        subnets += [SubnetSpec(SHARED, ip_range=part)] if ipv4 else []
        given = {"database": one.ovs.database, "datapath_type": one.datapath, **more}
        given["remote_ip"] = more["remote_ip"].format(3 - number)
        with netns.entered(one.namespace):
            spec = NetworkSpec("net", "openvswitch", tuple(subnets), driver_options=given, enable_ipv6=True)
            catalog.create(one.lab.store, replace(spec, enable_ipv4=ipv4))
    return [one.member(name, "net") for one, name in zip(hosts, ("web", "client"))]


def talk6(one: Member, other: Member, port: int) -> None:
    other.serve(port, ip="::")
    address, own = (str(member.endpoints[0].ipv6) for member in (other, one))
    until(lambda: one.ask(address, port, patience=SOON) == f"{own} {other.name}", 60)


@pytest.mark.parametrize(("ipv4", "tunnel", "mtu"), [(True, "gre", 1438), (False, "vxlan", 1430)])
def test_ipv6_through_a_tunnel_between_ipv6_addresses(
    hosts: tuple[Host, Host], ipv4: bool, tunnel: str, mtu: int
) -> None:
    for number, one in enumerate(hosts, 1):
        run("ip", "addr", "add", f"2001:db8:51::{number}/64", "dev", "uplink", "nodad", namespace=one.namespace)
        run("ip", "-4", "addr", "flush", "dev", "uplink", namespace=one.namespace)
    web, client = _with_ipv6(hosts, ipv4, tunnel=tunnel, remote_ip="2001:db8:51::{}")
    assert web.endpoints[0].mac != client.endpoints[0].mac
    talk6(client, web, 80)
    assert f"mtu {mtu}" in web.run("ip", "link", "show", "eth0")
    if ipv4:
        talk(client, web, 81)


def test_a_reload_brings_back_bridge_tunnel_and_rules(hosts: tuple[Host, Host]) -> None:
    share(hosts, tunnel="vxlan", key="7")
    web, client = hosts[0].member("web", "net"), hosts[1].member("client", "net")
    talk(client, web)
    network = web.endpoints[0].network
    (bridge,) = set(hosts[0].ovs.ports()) - {"uplink"}
    before = hosts[0].ovs.ports()
    hosts[0].ovs.ctl("del-br", bridge)
    with netns.entered(hosts[0].namespace):
        run("nft", "flush", "ruleset")
        mending.reload(hosts[0].lab.store)
        assert "skiff" in run("nft", "list", "tables")
    assert hosts[0].ovs.ports() == before
    assert "10.77.1.0/16" in run("ip", "addr", "show", "dev", network.bridge, namespace=hosts[0].namespace)
    talk(client, web, 81)


def _gone(host: Host) -> None:
    host.ovs.end("ovsdb-server")


def _hanging(host: Host) -> None:
    host.ovs.daemons["ovsdb-server"].send_signal(signal.SIGSTOP)


def nothing_works(host: Host, reason: str) -> None:
    """Neither a network nor a member is made, and nothing mended; each attempt says the reason."""
    for attempt in (
        lambda: host.create("other"),
        lambda: host.member("late", "net"),
        lambda: mending.reload(host.lab.store),
    ):
        with netns.entered(host.namespace), pytest.raises(HostLacks, match=reason):
            attempt()


@pytest.mark.parametrize("lose", [_gone, _hanging])
def test_a_database_that_does_not_answer(
    host: Host, monkeypatch: pytest.MonkeyPatch, lose: Callable[[Host], None]
) -> None:
    host.create("net")
    web = host.member("web", "net")
    lose(host)
    monkeypatch.setattr("runtime_lib.linux.openvswitch._PATIENCE", 1)
    try:
        nothing_works(host, "Open vSwitch does not answer")
        links = host.interfaces()
        host.end(web)
        with pytest.raises(HostLacks, match="Open vSwitch does not answer"):
            host.remove("net")
        assert links - host.interfaces() <= {web.endpoints[0].host_interface}
        assert [one.name for one in catalog.listing(host.lab.store)] == ["host", "net", "none"]
    finally:
        if lose is _gone:
            host.ovs.start_database()
        else:
            host.ovs.daemons["ovsdb-server"].send_signal(signal.SIGCONT)
        monkeypatch.undo()
    one, other = host.member("one", "net"), host.member("other", "net")
    talk(one, other)
    host.end(one, other)
    host.remove("net")
    assert host.ovs.ports() == {}


def test_a_host_from_which_the_command_is_gone(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    host.create("net")
    web = host.member("web", "net")
    monkeypatch.setattr("runtime_lib.linux.openvswitch._PROGRAMS", [])
    nothing_works(host, "install the package openvswitch-switch")
    host.end(web)
    host.remove("net")
    assert [one.name for one in catalog.listing(host.lab.store)] == ["host", "none"]
