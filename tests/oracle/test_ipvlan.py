"""ipvlan networks on Docker Engine and on Skiff: what containers and inspect see, what is reached and refused."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from runtime_lib.linux import netns
from tests.conftest import MACHINE

from .lan import IMAGE, PARENT, SUBNET, Side, docker_side, seen, skiff_side

IPVLAN = ("-d", "ipvlan")
SIX = ("--ipv6", "--subnet", "fd00:5::/64")
FAR = ("--subnet", "10.9.0.0/24")
NETWORKS = {
    "no parent": SUBNET,
    "internal": ("--internal", *SUBNET, *PARENT),
    "l3 with a gateway": (*SUBNET, "--gateway", "192.0.2.7", *PARENT, "-o", "ipvlan_mode=l3"),
    "l2 dual stack": (*SUBNET, *SIX, "--gateway", "fd00:5::7", *PARENT),
    "l3 dual stack": (*SUBNET, *SIX, *PARENT, "-o", "ipvlan_mode=l3"),
    "range on a VLAN": (*SUBNET, "--ip-range", "192.0.2.128/25", "--gateway", "192.0.2.7", "-o", "parent=p0.20"),
}
MODES = {"l2": ("-o", "ipvlan_mode=l2"), "l3": ("-o", "ipvlan_mode=l3")}  # Engine 20.10 has no l3s

pytestmark = [pytest.mark.skipif(os.geteuid() != 0, reason="needs root"), pytest.mark.lan]


@pytest.fixture(scope="module")
def kernel() -> None:
    """Skip where the kernel has no ipvlan."""
    with netns.fresh() as namespace, netns.entered(namespace):
        subprocess.run(["ip", "link", "add", "p0", "type", "veth", "peer", "name", "p1"], check=True)
        made = subprocess.run(["ip", "link", "add", "link", "p0", "type", "ipvlan"], capture_output=True, text=True)
        os.close(namespace)
    if made.returncode:
        pytest.skip(f"{MACHINE}the kernel has no ipvlan: {made.stderr}")


@pytest.fixture(scope="module")
def docker(kernel: None, archive: Path) -> Iterator[Side]:
    with docker_side(archive) as side:
        yield side


@pytest.fixture(scope="module")
def skiff(kernel: None, archive: Path) -> Iterator[Side]:
    with skiff_side(archive) as side:
        yield side


def without_mac(found: dict[str, Any], mac: str) -> dict[str, Any]:
    """Replace the parent's MAC address, which is random; that of a parent which the engine has made is left out."""
    lines = [line.replace(mac, "PARENT") for line in found["inside"]]
    return {**found, "inside": [line for line in lines if not line.startswith("link/ether") or "PARENT" in line]}


@pytest.mark.parametrize("options", NETWORKS.values(), ids=NETWORKS)
def test_a_network(docker: Side, skiff: Side, options: tuple[str, ...]) -> None:
    theirs, ours = (without_mac(seen(side, options, driver=IPVLAN), side.parent()) for side in (docker, skiff))
    assert ours == theirs
    assert ("link/ether PARENT" in str(ours["inside"])) == (options != SUBNET)


def test_a_container_has_no_mac_address_of_its_own(docker: Side, skiff: Side) -> None:
    for side in (docker, skiff):
        with side.network(NETWORKS["internal"], IPVLAN):
            mac = ("--mac-address", "02:42:00:00:00:77")
            side.call("run", "-d", "--name", "box", "--network", "lan", *mac, IMAGE, "sleep", "1000", fails=True)


def reached(side: Side, mode: tuple[str, ...]) -> list[bool]:
    """Return what answers a container: its neighbour, one in another subnet, and the host by the parent's address."""
    side.host("ip", "addr", "add", "192.0.2.200/24", "dev", "p0")
    targets = {"near": "192.0.2.11", "far": "10.9.0.11"}
    with ExitStack() as stack:
        stack.callback(side.host, "ip", "addr", "flush", "dev", "p0")
        stack.enter_context(side.network((*SUBNET, *FAR, *PARENT, *mode), IPVLAN))
        for name, address in targets.items():
            stack.callback(side.call, "rm", "-f", name)
            side.call("run", "-d", "--name", name, "--network", "lan", "--ip", address, IMAGE, "sleep", "1000")
        side.call("run", "-d", "--name", "box", "--network", "lan", "--ip", "192.0.2.10", IMAGE, "sleep", "1000")
        pings = [
            f"ping -c 1 -w 3 {address} >/dev/null && echo 1 || echo 0" for address in (*targets.values(), "192.0.2.200")
        ]
        answers = side.call("exec", "box", "sh", "-c", "; ".join(pings)).split()
    return [answer == "1" for answer in answers]


@pytest.mark.parametrize("mode", MODES)
def test_what_reaches_what(docker: Side, skiff: Side, mode: str) -> None:
    theirs, ours = (reached(side, MODES[mode]) for side in (docker, skiff))
    assert ours == theirs
    assert ours == [True, mode == "l3", False]


def test_a_sub_interface_goes_with_its_network(docker: Side, skiff: Side) -> None:
    found = []
    for side in (docker, skiff):
        with side.network((*SUBNET, "-o", "parent=p0.30"), IPVLAN):
            side.call("run", "-d", "--name", "box", "--network", "lan", IMAGE, "sleep", "1000")
            during = side.host("ip", "-d", "link", "show", "p0.30").stdout
        after = side.host("ip", "link", "show", "p0.30").returncode
        found.append(("id 30" in during, after))
    assert found[1] == found[0] == (True, 1)


REFUSED = {
    "mode": (*SUBNET, *PARENT, "-o", "ipvlan_mode=odd"),
    "loopback": (*SUBNET, "-o", "parent=lo"),
    "VLAN 0": (*SUBNET, "-o", "parent=p0.0"),
}


@pytest.mark.parametrize("options", REFUSED.values(), ids=REFUSED)
def test_what_both_refuse(docker: Side, skiff: Side, options: tuple[str, ...]) -> None:
    for side in (docker, skiff):
        side.call("network", "create", *IPVLAN, *options, "bad", fails=True)
        assert "bad" not in side.call("network", "ls", "--format", "{{.Name}}").split()
