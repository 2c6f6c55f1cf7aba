"""Overlay networks whose hosts learn of each other's containers by BGP EVPN: FRR's zebra and bgpd on each."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from runtime_lib.linux import netns
from runtime_lib.networks import catalog, mending, overlay
from tests.support import frr
from tests.support.netlab import SOON, Member
from tests.support.site import Host, site
from tests.support.waiting import until

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root"),
    pytest.mark.skipif(not os.path.exists(frr.ZEBRA), reason="needs frr"),
]

PATIENCE = 120.0  # seconds; BGP sessions are there after 2 to 5 on a quiet machine


@pytest.fixture
def hosts(tmp_path: Path) -> Iterator[list[Host]]:
    """Three hosts with a network `mesh` that knows no peers."""
    with site(tmp_path, 3) as made, ExitStack() as stack:
        for host in made:
            others = [other.address for other in made if other is not host]
            with netns.entered(host.namespace):
                stack.enter_context(frr.evpn(tmp_path / f"frr{host.number}", host.address, others))
            host.create([], control="evpn", address=host.address, vni="77")
        yield made


def web(host: Host) -> Member:
    member = host.member(f"web{host.number}")
    member.serve(80)
    return member


def talk(one: Member, other: Member) -> None:
    """Have one ask the server of the other until it is answered."""
    until(lambda: one.ask(other.ip, 80, patience=SOON) == f"{one.ip} {other.name}", PATIENCE)


def remotes(host: Host) -> list[str]:
    """Return the forwarding entries to other hosts."""
    lines = host.run("bridge", "fdb", "show").splitlines()
    return sorted(line for line in lines if " dst " in line)


def test_containers_of_three_hosts_reach_each_other(hosts: list[Host]) -> None:
    members = [web(host) for host in hosts]
    for one in members:
        for other in members:
            if one is not other:
                talk(one, other)
    mac = members[1].endpoints[0].mac
    until(lambda: any(line.startswith(mac) and "extern_learn" in line for line in remotes(hosts[0])), PATIENCE)


def test_what_frr_has_learned_stays(hosts: list[Host]) -> None:
    """A task that names peers, for their names, and a start mend what Skiff has made, and only that."""
    first, second = web(hosts[0]), web(hosts[1])
    talk(first, second)
    until(lambda: second.endpoints[0].mac in " ".join(remotes(hosts[0])), PATIENCE)
    before = remotes(hosts[0])
    hosts[0].change(hosts[:2])
    hosts[0].member("more")
    assert set(before) <= set(remotes(hosts[0]))
    assert hosts[0].names(first)["web2"] == second.ip


def test_a_reload_brings_back_both_interfaces_and_frr_fills_them_again(hosts: list[Host]) -> None:
    first, second = web(hosts[0]), web(hosts[1])
    talk(first, second)
    network = first.endpoints[0].network
    for name in (overlay.interface(network), network.bridge):
        hosts[0].run("ip", "link", "del", name)
    hosts[0].run("nft", "flush", "ruleset")
    with netns.entered(hosts[0].namespace):
        mending.reload(hosts[0].lab.store)
    talk(first, second)
    talk(second, first)
    until(lambda: second.endpoints[0].mac in " ".join(remotes(hosts[0])), PATIENCE)


def test_a_network_that_is_removed_is_forgotten_by_the_others(hosts: list[Host]) -> None:
    first, second = web(hosts[0]), web(hosts[1])
    talk(first, second)
    with netns.entered(hosts[1].namespace):
        second.end()
        catalog.remove(hosts[1].lab.store, "mesh")
    until(lambda: hosts[1].address not in " ".join(remotes(hosts[0])), PATIENCE)
    assert not [word for word in hosts[1].run("ip", "-o", "link").split() if word.startswith(("sk", "sx"))]


def test_containers_without_ipv4(tmp_path: Path) -> None:
    with site(tmp_path, 2) as made, ExitStack() as stack:
        for host in made:
            host.ipv4, host.ipv6 = False, True
            others = [other.address for other in made if other is not host]
            with netns.entered(host.namespace):
                stack.enter_context(frr.evpn(tmp_path / f"frr{host.number}", host.address, others))
            host.create([], control="evpn", address=host.address, vni="77")
        members = [host.member(f"web{host.number}") for host in made]
        for member in members:
            member.serve(80, ip="::")
        talk(*members)
