"""Kill -9 of commands whose networks are on Open vSwitch: the next call finishes or takes away what they have begun."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.kills import Kills
from tests.support.ovs import Switch, switch
from tests.support.skiff import Skiff
from tests.support.waiting import until

pytestmark = pytest.mark.skipif(not shutil.which("ovs-vsctl"), reason="needs openvswitch-switch")

SLEEP = ("busybox", "sleep", "1000")


@pytest.fixture
def ovs(skiff: Skiff, tmp_path: Path) -> Iterator[Switch]:
    with switch(tmp_path / "ovs") as made:
        yield made
        assert made.ports() == {}
        names = [name for _index, name in socket.if_nameindex()]
        assert [name for name in names if name.startswith(("sk", "so", "st"))] == []


def options(ovs: Switch) -> tuple[str, ...]:
    return "-d", "openvswitch", "-o", f"database={ovs.database}", "-o", "datapath_type=netdev"


def test_making_and_removing_a_network(skiff: Skiff, ovs: Switch) -> None:
    create, remove = ("network", "create", *options(ovs), "net"), ("network", "rm", "net")
    kills = Kills(skiff, 7, *create)
    ends = Kills(skiff, 7, *remove)
    for point in kills.points:
        kills.strike(point, *create)
        until(lambda: ovs.callers() == [], 60)
        if "net" not in skiff.run("network", "ls", "--format", "{{.Name}}").stdout.split():
            assert ovs.ports() == {}
            skiff.run(*create)
        skiff.run("run", "--rm", "--network", "net", "busybox", "true")
        skiff.run(*remove)
        assert ovs.ports() == {}
    for point in ends.points:
        skiff.run(*create)
        ends.strike(point, *remove)
        until(lambda: ovs.callers() == [], 60)
        skiff.run("network", "rm", "-f", "net")
    skiff.run(*create)  # a command that was killed as its last act changes the rules leaves them to the next one
    skiff.run(*remove)


def test_starting_a_container(skiff: Skiff, ovs: Switch) -> None:
    skiff.run("network", "create", *options(ovs), "net")
    skiff.run("create", "--name", "web", "--network", "net", *SLEEP)
    kills = Kills(skiff, 8, "start", "web")
    for point in kills.points:
        skiff.run("stop", "-t", "0", "web")
        kills.strike(point, "start", "web")
        until(lambda: ovs.callers() == [], 60)
    skiff.run("start", "web")
    skiff.run("run", "--rm", "--network", "net", "busybox", "ping", "-c", "1", "-W", "20", "web")
    (ports,) = ovs.ports().values()
    assert len([name for name in ports if name.startswith("sv")]) == 1, "only the container that runs has a port"
    skiff.run("rm", "-f", "web")
    (ports,) = ovs.ports().values()
    assert [name for name in ports if name.startswith("sv")] == []
    skiff.run("network", "rm", "net")
