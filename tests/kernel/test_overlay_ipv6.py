"""Overlay networks whose containers have IPv6 addresses too, between hosts with IPv4 or IPv6 addresses."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime_lib.errors import InvalidSpec
from runtime_lib.linux import netns
from runtime_lib.networks import catalog, mending, overlay
from runtime_lib.networks.wish import Attachment
from tests.support.netlab import HOST6, OUTSIDE6, SOON, Member, ask
from tests.support.site import Host, site
from tests.support.waiting import until

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")

PATIENCE = 60.0


@pytest.fixture
def hosts(tmp_path: Path) -> Iterator[list[Host]]:
    with site(tmp_path, 3) as made:
        for host in made:
            host.ipv6 = True
        yield made


def web(host: Host, *wishes: Attachment | str) -> Member:
    """Start a container that answers by IPv6."""
    member = host.member(f"web{host.number}", *wishes)
    member.serve(80, ip="::")
    return member


def await_answer(member: Member, address: str, words: str) -> None:
    until(lambda: member.ask(address, 80, patience=SOON) == words, PATIENCE)


def six(member: Member) -> str:
    return str(member.endpoints[0].ipv6)


def neighbours(host: Host, member: Member) -> str:
    return host.run("ip", "-6", "neigh", "show", "dev", member.endpoints[0].network.bridge, "nud", "permanent")


def test_containers_reach_each_other_by_name(hosts: list[Host]) -> None:
    for host in hosts:
        host.create(hosts)
    members = [web(host) for host in hosts]
    assert [six(member) for member in members] == [f"fd00:20::{number}:0:0:1" for number in (1, 2, 3)]
    for host in hosts:
        host.change(hosts)
    for host, member in zip(hosts, members):
        known = host.names(member, "fd00:20:")
        for other in members:
            await_answer(member, known[other.name], f"{six(member)} {other.name}")
    found = neighbours(hosts[0], members[0])
    assert f"{six(members[1])} lladdr {members[1].endpoints[0].mac}" in found
    hosts[0].change([hosts[2]])
    assert six(members[1]) not in neighbours(hosts[0], members[0])


def test_they_reach_each_other_before_anybody_has_told_their_names(hosts: list[Host]) -> None:
    for host in hosts[:2]:
        host.create(hosts[:2])
    first, second = (web(host) for host in hosts[:2])
    await_answer(first, six(second), f"{six(first)} web2")


def test_the_gateway_is_each_hosts_own_and_leads_out(hosts: list[Host]) -> None:
    for host in hosts[:2]:
        host.create(hosts[:2])
    members = [web(host) for host in hosts[:2]]
    assert [str(member.endpoints[0].gateway(6)) for member in members] == ["fd00:20:0:0:1::", "fd00:20:0:0:2::"]
    for host, member in zip(hosts, members):
        with netns.entered(host.lab.outside):
            host.lab.serve("world", 80, ip="::")
        await_answer(member, OUTSIDE6, f"{HOST6} world")
        assert "fe80::1/" not in host.run("ip", "-6", "addr", "show", "dev", member.endpoints[0].network.bridge)


def test_between_hosts_with_ipv6_addresses(hosts: list[Host]) -> None:
    for host in hosts[:2]:
        host.address = f"2001:db8:51::{host.number}"
        host.run("ip", "addr", "add", f"{host.address}/64", "dev", "net0", "nodad")
    for host in hosts[:2]:
        host.create(hosts[:2], address=host.address)
    first, second = (web(host) for host in hosts[:2])
    for host in hosts[:2]:
        host.change(hosts[:2])
    await_answer(first, six(second), f"{six(first)} web2")
    await_answer(first, second.ip, f"::ffff:{first.ip} web2")


def test_addresses_come_from_the_hosts_own_slices(hosts: list[Host]) -> None:
    hosts[0].create(hosts)
    with pytest.raises(InvalidSpec, match="fd00:20::2:0:0:9 is not inside fd00:20:0:0:1::/80"):
        hosts[0].member("lost", Attachment("mesh", address6="fd00:20::2:0:0:9"))
    assert six(web(hosts[0], Attachment("mesh", address6="fd00:20::1:0:0:9"))) == "fd00:20::1:0:0:9"


def test_entries_that_somebody_deleted_come_back(hosts: list[Host]) -> None:
    for host in hosts[:2]:
        host.create(hosts[:2])
    members = [web(host) for host in hosts[:2]]
    hosts[0].change(hosts[:2])
    before = neighbours(hosts[0], members[0])
    bridge = members[0].endpoints[0].network.bridge
    hosts[0].run("ip", "neigh", "del", six(members[1]), "dev", bridge)
    hosts[0].run("ip", "addr", "del", "fd00:20:0:0:1::/64", "dev", bridge)
    with netns.entered(hosts[0].namespace):
        mending.reload(hosts[0].lab.store)
        assert ask("fd00:20::1:0:0:1", 80) == "fd00:20:0:0:1:: web1"
    assert neighbours(hosts[0], members[0]) == before != ""


def test_a_slice_of_ipv6_is_needed(hosts: list[Host]) -> None:
    hosts[0].slice6 = ""
    with pytest.raises(InvalidSpec, match="one subnet of IPv6, and as its ip_range"):
        hosts[0].create([])


def test_containers_without_ipv4_reach_each_other_by_name_also_between_hosts_without_it(hosts: list[Host]) -> None:
    for host in hosts[:2]:
        host.ipv4, host.address = False, f"2001:db8:51::{host.number}"
        host.run("ip", "addr", "add", f"{host.address}/64", "dev", "net0", "nodad")
        host.run("ip", "-4", "addr", "flush", "dev", "net0")
    for host in hosts[:2]:
        host.create(hosts[:2], address=host.address)
    first, second = (web(host) for host in hosts[:2])
    assert [first.ip, second.ip] == ["fd00:20::1:0:0:1", "fd00:20::2:0:0:1"]
    assert first.endpoints[0].mac != second.endpoints[0].mac
    await_answer(first, second.ip, f"{first.ip} web2")
    for host in hosts[:2]:
        host.change(hosts[:2])
    await_answer(first, hosts[0].names(first, "fd00:20:")["web2"], f"{first.ip} web2")
    assert f"{second.ip} lladdr {second.endpoints[0].mac}" in neighbours(hosts[0], first)
    with netns.entered(hosts[0].namespace):
        assert overlay.sound(catalog.find(hosts[0].lab.store, "mesh"))
    with pytest.raises(InvalidSpec, match="fd00:20::2:0:0:9 is not inside fd00:20:0:0:1::/80"):
        hosts[0].member("lost", Attachment("mesh", address6="fd00:20::2:0:0:9"))
