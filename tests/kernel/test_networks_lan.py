"""macvlan on the real kernel: the parent is the host's end of a wire, whose other end is a machine of its own."""

from __future__ import annotations

import os

import pytest

from runtime_lib.errors import AddressTaken, HostLacks, InUse, InvalidSpec
from runtime_lib.linux import netns, userns
from runtime_lib.networks import attach, catalog, options, patience
from runtime_lib.networks.model import Network
from runtime_lib.networks.namespace import new_namespace
from runtime_lib.networks.spec import NetworkSpec, SubnetSpec
from runtime_lib.networks.wish import Attachment
from tests.support.netlab import HOST, OUTSIDE, PATIENCE, SOON, UNREACHABLE, Lab, ask, run

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")

LAN = SubnetSpec("192.0.2.0/24", OUTSIDE, "192.0.2.128/25")


def interfaces() -> list[str]:
    return sorted(line.split()[1].rstrip(":") for line in run("ip", "-o", "link").splitlines())


def mac_of(name: str) -> str:
    return run("ip", "-o", "link", "show", name).partition("link/ether ")[2].split()[0]


def lan(host: Lab, mode: str = "bridge", parent: str = "wire", name: str = "lan", internal: bool = False) -> Network:
    choice = {"parent": parent, "macvlan_mode": mode}
    spec = NetworkSpec(name, driver="macvlan", subnets=(LAN,), internal=internal, driver_options=choice)
    return catalog.create(host.store, spec)


def test_a_container_is_a_machine_on_the_wire(host: Lab) -> None:
    before = interfaces()
    lan(host)
    web = host.member("web", "lan")
    web.serve(80)
    with netns.entered(host.outside):
        host.serve("world", 80)
    assert (web.ip, web.endpoints[0].mac) == ("192.0.2.128", "02:42:c0:00:02:80")
    assert "inet 192.0.2.128/24 brd 192.0.2.255 scope global eth0" in web.run("ip", "addr")
    assert f"default via {OUTSIDE} dev eth0" in web.run("ip", "route")
    assert web.ask(OUTSIDE, 80) == f"{web.ip} world"
    assert host.ask_from_outside(web.ip, 80) == f"{OUTSIDE} web"
    assert f"{web.ip} dev eth0 lladdr 02:42:c0:00:02:80" in run("ip", "neigh", namespace=host.outside)
    assert ask(web.ip, 80, patience=SOON) in UNREACHABLE  # macvlan keeps the host itself apart, as with Docker
    assert interfaces() == before
    web.end()
    catalog.remove(host.store, "lan")
    assert interfaces() == before


@pytest.mark.parametrize(("mode", "reaches"), [("bridge", True), ("private", False), ("vepa", False)])
def test_who_reaches_whom(host: Lab, mode: str, reaches: bool) -> None:
    """With vepa the switch would have to send it back, and this wire has none."""
    lan(host, mode)
    one, two = host.member("one", "lan"), host.member("two", "lan")
    for member in (one, two):
        member.serve(80)
        assert host.ask_from_outside(member.ip, 80) == f"{OUTSIDE} {member.name}"
    answer = one.ask(two.ip, 80, patience=PATIENCE if reaches else SOON)
    assert answer == f"{one.ip} two" if reaches else answer in UNREACHABLE


def test_two_networks_on_one_parent(host: Lab) -> None:
    lan(host)
    other = SubnetSpec("198.51.100.0/24")
    spec = NetworkSpec("other", driver="macvlan", subnets=(other,), driver_options={"parent": "wire"})
    catalog.create(host.store, spec)
    assert host.member("web", "other").ip == "198.51.100.2"


def test_passthru_gives_the_interface_to_one_container(host: Lab) -> None:
    before = mac_of("wire")
    lan(host, "passthru")
    web = host.member("web", Attachment("lan", mac="02:42:00:00:00:99"))
    web.serve(80)
    assert host.ask_from_outside(web.ip, 80) == f"{OUTSIDE} web"
    assert "02:42:00:00:00:99" in web.run("ip", "link", "show", "eth0")
    assert mac_of("wire") == "02:42:00:00:00:99"  # as with Docker
    with pytest.raises(AddressTaken, match=r"place for one container, and web is on it"):
        host.member("second", "lan")
    web.end()
    second = host.member("second", "lan")
    second.end()
    assert mac_of("wire") == before


def test_passthru_wants_to_be_alone(host: Lab) -> None:
    lan(host, "passthru")
    spec = NetworkSpec("more", driver="macvlan", driver_options={"parent": "wire"})
    with pytest.raises(InUse, match=r"lan needs wire for itself \(passthru\), where more is too"):
        catalog.create(host.store, spec)
    catalog.remove(host.store, "lan")
    catalog.create(host.store, spec)
    with pytest.raises(InUse, match=r"lan needs wire for itself"):
        lan(host, "passthru")
    assert [network.name for network in catalog.listing(host.store)] == ["host", "more", "none"]


@pytest.mark.parametrize("mode", ["bridge", "passthru"])
def test_a_container_comes_back_at_once_with_its_address(host: Lab, mode: str) -> None:
    """The kernel needs a moment to end a namespace; nothing of the one before may be in the way."""
    lan(host, mode)
    for turn in range(6):
        web = host.member("web", Attachment("lan", "192.0.2.200", mac="02:42:00:00:00:98"))
        assert host.ask_from_outside("192.0.2.200", 80) == "refused"
        if turn % 2:
            web.end()
        else:
            web.vanish_noticed()


def test_a_network_is_in_use_while_a_namespace_lives(host: Lab) -> None:
    lan(host)
    web, db = host.member("web", "lan"), host.member("db", "lan")
    with pytest.raises(InUse, match="db, web"):
        catalog.remove(host.store, "lan")
    web.vanish_noticed()
    with pytest.raises(InUse, match="in use by db:"):
        catalog.remove(host.store, "lan")
    db.vanish_noticed()
    catalog.remove(host.store, "lan")


def test_a_running_container_joins_and_leaves(host: Lab) -> None:
    network = lan(host)
    web = host.member("web", "bridge")
    attach.attach(host.store, web.id, "web", web.namespace, [Attachment("lan")])
    assert "inet 192.0.2.128/24" in web.run("ip", "addr", "show", "eth1")
    attach.detach(host.store, web.id, network)
    assert "eth1" not in web.run("ip", "link")
    # What a connect that was killed has left inside does not stop the next one.
    web.run("ip", "link", "add", "eth1", "type", "veth", "peer", "name", "rest")
    attach.attach(host.store, web.id, "web", web.namespace, [Attachment("lan")])
    assert "inet 192.0.2.128/24" in web.run("ip", "addr", "show", "eth1")
    assert "rest" not in web.run("ip", "link")


def test_a_namespace_of_other_users(host: Lab) -> None:
    """The host's root reaches into it all the same."""
    network = lan(host, "passthru")
    ids = [{"containerID": 0, "hostID": 100000, "size": 65536}]
    owner = userns.create(ids, ids)
    namespace = new_namespace(owner)
    for _turn in range(2):
        container = host.ids.get("web") or host.row("web")
        attach.attach(host.store, container, "web", namespace, [Attachment("lan")])
        assert "inet 192.0.2.128/24" in run("ip", "addr", "show", "eth0", namespace=namespace)
        attach.detach(host.store, container, network)
        assert "eth0" not in run("ip", "link", namespace=namespace)
    for descriptor in (namespace, owner):
        os.close(descriptor)


def test_an_internal_network_has_no_way_out(host: Lab) -> None:
    lan(host, internal=True)
    assert host.member("web", "lan").run("ip", "route", "show", "default") == ""


def test_a_parent_that_went_away(host: Lab) -> None:
    run("ip", "link", "add", "spare", "type", "veth", "peer", "name", "other")
    lan(host, parent="spare")
    run("ip", "link", "del", "spare")
    with pytest.raises(HostLacks, match="the host has no interface spare any more"):
        host.member("web", "lan")
    assert catalog.inspect(host.store, "lan")["Containers"] == {}
    catalog.remove(host.store, "lan")


@pytest.mark.parametrize(
    ("parent", "error", "words"),
    [
        ("nothere", InvalidSpec, "the host has no interface nothere"),
        ("lo", InvalidSpec, "loopback"),
        ("port", InvalidSpec, "port is a port of br7, .* use br7 as parent"),
        ("wire.0", InvalidSpec, "a number from 1 to 4094"),
        ("wire.5000", InvalidSpec, "a number from 1 to 4094"),
        ("lost.10", InvalidSpec, "the host has no interface lost"),
        ("lo.10", InvalidSpec, "loopback"),
        ("wi\nre", InvalidSpec, "not a name of at most 15"),
        ("sixteen-letters-x", InvalidSpec, "not a name of at most 15"),
    ],
)
def test_parents_that_are_none(host: Lab, parent: str, error: type[Exception], words: str) -> None:
    run("ip", "link", "add", "port", "type", "veth", "peer", "name", "other")
    run("ip", "link", "add", "br7", "type", "bridge")
    run("ip", "link", "set", "port", "master", "br7")
    before = interfaces()
    with pytest.raises(error, match=words):
        lan(host, parent=parent)
    assert [network.name for network in catalog.listing(host.store)] == ["host", "none"]
    assert interfaces() == before


def test_a_larger_mtu_than_the_parents(host: Lab) -> None:
    choice = {"parent": "wire", options.MTU: "9000"}
    with pytest.raises(InvalidSpec, match=r"9000 is more than the 1500 of wire"):
        catalog.create(host.store, NetworkSpec("lan", driver="macvlan", driver_options=choice))
    choice[options.MTU] = "1400"
    catalog.create(host.store, NetworkSpec("lan", driver="macvlan", driver_options=choice))
    assert "mtu 1400" in host.member("web", "lan").run("ip", "link", "show", "eth0")


def test_the_hosts_own_address_is_not_given_out(host: Lab) -> None:
    subnet = SubnetSpec("192.0.2.0/24", OUTSIDE, aux_addresses={"printer": "192.0.2.3"})
    spec = NetworkSpec("lan", driver="macvlan", subnets=(subnet,), driver_options={"parent": "wire"})
    catalog.create(host.store, spec)
    assert host.member("web", "lan").ip == "192.0.2.4"
    config = catalog.inspect(host.store, "lan")["IPAM"]["Config"]
    assert config[0]["AuxiliaryAddresses"] == {"printer": "192.0.2.3", "host0": HOST}
    with pytest.raises(AddressTaken, match="one of its aux_addresses"):
        host.member("db", Attachment("lan", HOST))


def test_ipv6_on_the_wire(host: Lab) -> None:
    run("ip", "addr", "add", "fd00:5::2/64", "dev", "eth0", "nodad", namespace=host.outside)
    subnets = (LAN, SubnetSpec("fd00:5::/64", "fd00:5::2"))
    spec = NetworkSpec("lan", driver="macvlan", subnets=subnets, enable_ipv6=True, driver_options={"parent": "wire"})
    catalog.create(host.store, spec)
    web, db = host.member("web", "lan"), host.member("db", "lan")
    web.serve(80, ip="::")
    with netns.entered(host.outside):
        host.serve("world", 80, ip="::")
    assert [str(address) for address in web.endpoints[0].addresses] == ["192.0.2.128", "fd00:5::1"]
    assert "default via fd00:5::2 dev eth0" in web.run("ip", "-6", "route")
    assert host.ask_from_outside("fd00:5::1", 80) == "fd00:5::2 web"
    assert db.ask("fd00:5::1", 80) == "fd00:5::3 web"
    assert db.ask("fd00:5::2", 80) == "fd00:5::3 world"


def test_one_parent_is_for_one_driver(host: Lab) -> None:
    lan(host)
    with pytest.raises(InUse, match="wire is the parent of the macvlan network lan"):
        catalog.create(host.store, NetworkSpec("ip", driver="ipvlan", driver_options={"parent": "wire"}))


def test_somebody_else_has_the_parent(host: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "LIMIT", 0.2)  # seconds: whoever has it does not go
    lan(host, "passthru")
    run("ip", "link", "set", "wire", "up")
    run("ip", "link", "add", "link", "wire", "name", "theirs", "type", "macvlan", "mode", "bridge")
    with pytest.raises(InUse, match="wire is in use by something else"):
        host.member("web", "lan")


def test_the_host_keeps_out_of_it(host: Lab) -> None:
    """No rules, no translation, no setting of the host for a network whose gateway is elsewhere."""
    run("sysctl", "-q", "-w", "net.ipv4.ip_forward=0")  # a new namespace has the setting of the one before
    lan(host)
    host.member("web", "lan")
    assert run("sysctl", "-n", "net.ipv4.ip_forward") == "0\n"
    assert "192.0.2." not in run("nft", "list", "ruleset")


def test_a_mac_address_that_is_in_use(host: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "LIMIT", 0.2)
    lan(host)
    one = host.member("one", Attachment("lan", mac="02:42:00:00:00:97"))
    with pytest.raises(AddressTaken, match="02:42:00:00:00:97 is in use on wire"):
        host.member("two", Attachment("lan", mac="02:42:00:00:00:97"))
    assert [entry["Name"] for entry in catalog.inspect(host.store, "lan")["Containers"].values()] == ["one"]
    assert "UP" in one.run("ip", "link", "show", "eth0")
