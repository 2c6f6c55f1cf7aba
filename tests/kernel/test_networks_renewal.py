"""A network that is made anew around its containers: they keep addresses, names, MAC addresses and ports."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from tests.kernel.test_networks_reload_drivers import (
    await_works,
    look,
    make_br0,
    ovs,
    populate,
    pytestmark,
    skiff,
)
from tests.support.netlab import run
from tests.support.skiff import Skiff

__all__ = ["ovs", "pytestmark", "skiff"]

# The statements with which a process ends in the middle: before the old network goes, before the new one is there, and
# before anybody has joined it.
POINTS = {"left": "renewal.networks.remove", "removed": "renewal.networks.create", "made": "renewal._rejoin"}
_PROLOGUE = """
import os
from runtime_lib.cli import opened
from runtime_lib.containers import renewal
from runtime_lib.networks import catalog
from runtime_lib.networks.spec import SubnetSpec
from runtime_lib.records import replace
store = opened.store()
"""
_RENEW = "spec = catalog.find(store, 'net').spec\nrenewal.renew(store, replace(spec, adopted=False, {change}))\n"
_NEXT_TASK = "renewal.recover(store, 'net')\n"


@pytest.fixture(params=["bridge of the host", "macvlan", "overlay", "openvswitch"])
def populated(skiff: Skiff, request: pytest.FixtureRequest) -> Iterator[tuple[Skiff, bool]]:
    """A host with two containers on the network `net`; whether one of them has a published port."""
    if request.param == "macvlan":
        populate(skiff, "-d", "macvlan", "-o", "parent=p0", "--subnet", "10.6.0.0/16", ports=())
    elif request.param == "overlay":
        populate(skiff, "-d", "overlay", "--subnet", "10.20.0.0/16", "--ip-range", "10.20.1.0/24")
    elif request.param == "openvswitch":
        switch = request.getfixturevalue("ovs")
        options = ("-o", f"database={switch.database}", "-o", "datapath_type=netdev")
        populate(skiff, "-d", "openvswitch", *options, "--subnet", "10.7.0.0/16")
    else:
        make_br0()
        populate(skiff, "-o", "com.docker.network.bridge.name=br0", "--subnet", "10.5.0.0/16")
    yield skiff, request.param != "macvlan"
    if request.param == "bridge of the host":
        skiff.remove_everything()
        run("ip", "link", "del", "br0")


def act(skiff: Skiff, code: str) -> int:
    return skiff.run("network", "ls", before=_PROLOGUE + code, check=False).returncode


def known(skiff: Skiff) -> list[tuple[dict[str, str], str, str, list[str]]]:
    """Return what stays: all but the ids of the network and of its endpoints."""
    found = look(skiff)
    for networks, *_rest in found:
        for key in ("NetworkID", "EndpointID"):
            networks.pop(key)
    return found


def test_made_anew_also_when_killed_in_between(populated: tuple[Skiff, bool]) -> None:
    skiff, ports = populated
    before = known(skiff)
    for number, point in enumerate(POINTS):
        death = f"{POINTS[point]} = lambda *_unused: os.kill(os.getpid(), 9)\n"
        assert act(skiff, death + _RENEW.format(change=f"labels={{'n': '{number}'}}")) == -signal.SIGKILL
        assert act(skiff, _NEXT_TASK) == 0
        await_works(skiff, ports)
        assert known(skiff) == before, point
    assert act(skiff, _RENEW.format(change="labels={'a': '1'}")) == 0
    await_works(skiff, ports)
    assert known(skiff) == before
    assert skiff.run("network", "inspect", "-f", "{{.Labels}}", "net").stdout == "map[a:1]\n"


def test_another_slice_of_an_overlay(skiff: Skiff) -> None:
    """Nobody keeps an address that is another host's to give out."""
    populate(skiff, "-d", "overlay", "--subnet", "10.20.0.0/16", "--ip-range", "10.20.1.0/24")
    subnet = "(SubnetSpec('10.20.0.0/16', ip_range='10.20.9.0/24'),)"
    assert act(skiff, _RENEW.format(change=f"subnets={subnet}")) == 0
    await_works(skiff)
    addresses = [networks["IPAddress"] for networks, *_rest in look(skiff)]
    assert sorted(addresses) == ["10.20.9.1", "10.20.9.2"]
