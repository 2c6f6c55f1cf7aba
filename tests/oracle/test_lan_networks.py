"""macvlan networks on Docker Engine and on Skiff, each on a host of its own: what containers and inspect see."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from .lan import IMAGE, PARENT, SCRIPT, SUBNET, Side, connected, docker_side, seen_twice, skiff_side

NETWORKS = {
    "gateway": (*SUBNET, "--gateway", "192.0.2.7", *PARENT),
    "no gateway": (*SUBNET, *PARENT),
    "range": (*SUBNET, "--ip-range", "192.0.2.128/25", *PARENT),
    "no subnet": PARENT,
    "internal": ("--internal", *SUBNET, *PARENT),
    "private": (*SUBNET, *PARENT, "-o", "macvlan_mode=private"),
    "passthru": (*SUBNET, *PARENT, "-o", "macvlan_mode=passthru"),
}
REFUSED = {
    "parent that is not there": ("-d", "macvlan", *SUBNET, "-o", "parent=nothere"),
    "loopback": ("-d", "macvlan", *SUBNET, "-o", "parent=lo"),
    "VLAN that is none": ("-d", "macvlan", *SUBNET, "-o", "parent=p0.5000"),
    "VLAN of an interface that is not there": ("-d", "macvlan", *SUBNET, "-o", "parent=nothere.5"),
    "mode that is none": ("-d", "macvlan", *SUBNET, *PARENT, "-o", "macvlan_mode=odd"),
    "ipvlan mode that is none": ("-d", "ipvlan", *SUBNET, *PARENT, "-o", "ipvlan_mode=odd"),
    "ipvlan on the loopback": ("-d", "ipvlan", *SUBNET, "-o", "parent=lo"),
}

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


@pytest.fixture(scope="module")
def docker(archive: Path) -> Iterator[Side]:
    with docker_side(archive) as side:
        yield side


@pytest.fixture(scope="module")
def skiff(archive: Path) -> Iterator[Side]:
    with skiff_side(archive) as side:
        yield side


@pytest.mark.parametrize("options", NETWORKS.values(), ids=NETWORKS)
def test_a_network(docker: Side, skiff: Side, options: tuple[str, ...]) -> None:
    assert seen_twice(skiff, options) == seen_twice(docker, options)


@pytest.mark.parametrize(
    "settings",
    [("--ip", "192.0.2.77"), ("--mac-address", "02:42:00:00:00:77")],
    ids=["address", "MAC address"],
)
def test_what_a_container_asks_for(docker: Side, skiff: Side, settings: tuple[str, ...]) -> None:
    assert seen_twice(skiff, NETWORKS["gateway"], *settings) == seen_twice(docker, NETWORKS["gateway"], *settings)


def passed_through(side: Side) -> tuple[str, bool]:
    before = side.parent()
    with side.network(NETWORKS["passthru"]):
        side.call("run", "-d", "--name", "box", "--network", "lan", IMAGE, "sleep", "1000")
        during = side.parent()
        side.call("run", "--rm", "--network", "lan", IMAGE, "true", fails=True)
        side.call("rm", "-f", "box")
    return during, side.parent() == before


def test_passthru_is_for_one(docker: Side, skiff: Side) -> None:
    """The parent has the container's MAC address as long as that runs."""
    assert passed_through(skiff) == passed_through(docker) == ("02:42:c0:00:02:02", True)


def joined(side: Side) -> list[list[str]]:
    with side.network(NETWORKS["gateway"]):
        side.call("run", "-d", "--name", "box", "-h", "box", "--network", "bridge", IMAGE, "sleep", "1000")
        found = []
        for words in (("connect", "--ip", "192.0.2.9", "lan", "box"), ("disconnect", "lan", "box")):
            side.call("network", *words)
            script = "ip addr | grep 'inet .*eth'; ip route; cat /sys/class/net/*/address"
            found.append(side.call("exec", "box", "sh", "-c", script).splitlines())
    return found


def test_a_running_container_joins_and_leaves(docker: Side, skiff: Side) -> None:
    assert joined(skiff) == joined(docker)


def on_a_bridge(side: Side, options: tuple[str, ...]) -> tuple[list[str], str, bool]:
    """Return what a container on a bridge of the host sees, its gateway, and whether the bridge is there after."""
    for words in ("link add br9 type bridge", "addr add 198.51.100.5/24 dev br9", "link set br9 up"):
        side.host("ip", *words.split())
    name = ("-o", "com.docker.network.bridge.name=br9", "--subnet", "198.51.100.0/24", "--gateway", "198.51.100.5")
    try:
        with side.network((*name, *options), driver=()):
            side.call("run", "-d", "--name", "box", "-h", "box", "--network", "lan", IMAGE, "sleep", "1000")
            inside, gateway = side.call("exec", "box", "sh", "-c", SCRIPT).splitlines(), connected(side)["Gateway"]
        return inside, gateway, "198.51.100.5/24" in side.host("ip", "addr", "show", "br9").stdout
    finally:
        side.host("ip", "link", "del", "br9")


@pytest.mark.parametrize(
    "options",
    [("--ip-range", "198.51.100.128/25"), ("--aux-address", "DefaultGatewayIPv4=198.51.100.77")],
    ids=["range", "gateway beside it"],
)
def test_a_bridge_of_the_host(docker: Side, skiff: Side, options: tuple[str, ...]) -> None:
    answer = on_a_bridge(skiff, options)
    assert answer == on_a_bridge(docker, options)
    assert answer[2]


@pytest.mark.parametrize("options", REFUSED.values(), ids=REFUSED)
def test_what_both_refuse(docker: Side, skiff: Side, options: tuple[str, ...]) -> None:
    for side in (docker, skiff):
        side.call("network", "create", *options, "bad", fails=True)
        assert "bad" not in side.call("network", "ls", "--format", "{{.Name}}").split()


def test_what_skiff_tells_earlier(docker: Side, skiff: Side) -> None:
    """Docker makes networks whose containers then cannot start, and takes options that mean nothing."""
    for side in (docker, skiff):
        for words in ("link add br7 type bridge", "link add q0 type veth peer name q1", "link set q0 master br7"):
            side.host("ip", *words.split())
    for options in ((*SUBNET, "-o", "parent=q0"), (*SUBNET, *PARENT, "-o", "odd=1")):
        with docker.network(options):
            pass
        skiff.call("network", "create", "-d", "macvlan", *options, "lan", fails=True)
