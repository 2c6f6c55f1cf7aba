"""What is taken from networks of the other drivers while containers run comes back by `reload` or the next start."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.netlab import SOON, ask, run
from tests.support.ovs import Switch, switch
from tests.support.skiff import Skiff
from tests.support.waiting import until

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")

SERVER = ("bb", "nc", "-ll", "-p", "80", "-e", "head", "-c", "1")  # it answers with what it was sent
PEER, SLICE = "198.51.100.2", "10.20.1.0/24"
PATIENCE = 60.0
CURES = [("network", "reload"), ("run", "--rm", "--network", "net", "bb", "true")]
cured = pytest.mark.parametrize("cure", CURES, ids=["reload", "start"])


@pytest.fixture
def skiff(installation: Skiff) -> Iterator[Skiff]:
    """A host with the interface `p0`, 198.51.100.1."""
    cable()
    yield installation
    installation.remove_everything()
    run("ip", "link", "del", "p1")


@pytest.fixture
def ovs(skiff: Skiff, tmp_path: Path) -> Iterator[Switch]:
    if not shutil.which("ovs-vsctl"):
        pytest.skip("needs openvswitch-switch")
    with switch(tmp_path / "ovs") as made:
        yield made
        skiff.remove_everything()  # while it can be told


def cable() -> None:
    run("ip", "link", "add", "p0", "type", "veth", "peer", "name", "p1")
    for name in ("p0", "p1"):
        run("ip", "link", "set", name, "up")
    run("ip", "addr", "add", "198.51.100.1/24", "dev", "p0")


def populate(skiff: Skiff, *create: str, ports: tuple[str, ...] = ("-p", "8080:80")) -> None:
    """Make the network `net`, a server `web` on it, and its neighbour `nb`."""
    skiff.run("network", "create", *create, "net")
    skiff.run("run", "-d", "--name", "web", "--network", "net", *ports, *SERVER)
    skiff.run("run", "-d", "--name", "nb", "--network", "net", "bb", "sleep", "1000")
    await_works(skiff, bool(ports))


def await_works(skiff: Skiff, ports: bool = True) -> None:
    """Wait until the server is reached by its name, and by its published port."""
    until(lambda: answer(skiff) == "?", PATIENCE)
    if ports:
        until(lambda: ask("127.0.0.1", 8080, patience=SOON) == "?", PATIENCE)


def answer(skiff: Skiff) -> str:
    return skiff.run("exec", "nb", "sh", "-c", "printf ? | nc -w 2 web 80", check=False).stdout


@contextmanager
def same_afterwards(skiff: Skiff) -> Iterator[None]:
    """Have both containers keep their addresses, MAC addresses and routes."""
    before = look(skiff)
    yield
    assert look(skiff) == before


def look(skiff: Skiff) -> list[tuple[dict[str, str], str, str, list[str]]]:
    found = []
    for name in ("web", "nb"):
        networks = json.loads(skiff.run("inspect", name).stdout)[0]["NetworkSettings"]["Networks"]
        link = skiff.run("exec", name, "ip", "link", "show", "eth0").stdout
        address = skiff.run("exec", name, "ip", "-o", "addr", "show", "eth0").stdout.partition("inet ")[2].split()[0]
        routes = sorted(skiff.run("exec", name, "ip", "route").stdout.splitlines())
        found.append((networks["net"], link.partition("link/ether ")[2].split()[0], address, routes))
    return found


def digits(skiff: Skiff) -> str:
    return skiff.run("network", "ls", "-q", "--no-trunc", "-f", "name=net").stdout[:10]


def port_of(skiff: Skiff, container: str) -> str:
    shown = skiff.run("exec", container, "cat", "/sys/class/net/eth0/iflink").stdout.strip()
    lines = run("ip", "-o", "link").splitlines()
    return next(line.split()[1].partition("@")[0] for line in lines if line.startswith(f"{shown}:"))


@cured
def test_a_bridge_of_the_hosts_that_came_back(skiff: Skiff, cure: tuple[str, ...]) -> None:
    make_br0()
    populate(skiff, "-o", "com.docker.network.bridge.name=br0", "--subnet", "10.5.0.0/16")
    with same_afterwards(skiff):
        run("nft", "flush", "ruleset")
        run("ip", "link", "del", "br0")
        failed = skiff.run(*cure, check=False)
        assert "network net: the host has no bridge br0 any more; bring it back" in failed.stderr
        make_br0()
        skiff.run(*cure)
        await_works(skiff)
    run("ip", "link", "del", port_of(skiff, "web"))
    skiff.run(*cure)
    await_works(skiff)
    skiff.remove_everything()
    run("ip", "link", "del", "br0")  # it is the administrator's, and still there


def make_br0() -> None:
    run("ip", "link", "add", "br0", "type", "bridge")
    run("ip", "addr", "add", "10.5.0.1/16", "dev", "br0")
    run("ip", "link", "set", "br0", "up")


MACVLAN = ("-d", "macvlan", "-o", "parent=p0", "--subnet", "10.6.0.0/16")


@cured
def test_an_interface_that_went_from_inside_a_container(skiff: Skiff, cure: tuple[str, ...]) -> None:
    populate(skiff, *MACVLAN, ports=())
    with same_afterwards(skiff):
        inside(skiff, "web", "ip", "link", "del", "eth0")
        skiff.run(*cure)
        await_works(skiff, ports=False)


@cured
def test_a_parent_that_came_back(skiff: Skiff, cure: tuple[str, ...]) -> None:
    populate(skiff, *MACVLAN, ports=())
    with same_afterwards(skiff):
        run("ip", "link", "del", "p0")
        failed = skiff.run(*cure, check=False)
        assert "network net: the host has no interface p0 any more; bring it back" in failed.stderr
        cable()
        skiff.run(*cure)
        await_works(skiff, ports=False)


def test_an_interface_of_another_name_keeps_nobody_from_starting(skiff: Skiff) -> None:
    populate(skiff, *MACVLAN, ports=())
    inside(skiff, "web", "ip", "link", "set", "eth0", "down")
    inside(skiff, "web", "ip", "link", "set", "eth0", "name", "lan", "up")
    skiff.run("run", "--rm", "--network", "net", "bb", "true")
    assert answer(skiff) == "?"


def inside(skiff: Skiff, container: str, *command: str) -> None:
    """Run a command of the host's in the network of a container."""
    pid = skiff.run("inspect", "-f", "{{.State.Pid}}", container).stdout.strip()
    run("nsenter", "-n", "-t", pid, *command)


def overlay(skiff: Skiff) -> None:
    populate(skiff, "-d", "overlay", "--subnet", "10.20.0.0/16", "--ip-range", SLICE)
    peers(skiff)


def peers(skiff: Skiff) -> None:
    """Let the overlay have a peer with a container of which it has been told."""
    code = (
        "from runtime_lib.networks import peering, peers; from runtime_lib.cli import opened; peering.change("
        "opened.store(), 'net', peers.from_options('net', [dict(name='b', address='198.51.100.2', slice='10.20.2.0/24',"
        "endpoints=[dict(names=['far'], address='10.20.2.1', mac='02:42:0a:14:02:01')])]))"
    )
    skiff.run("network", "ls", before=code)


def entries(skiff: Skiff) -> list[str]:
    """Return the entries that lead to the peer, and the rules against strangers: the host's containers, and others."""
    tunnel, bridge = f"sx{digits(skiff)}", f"sk{digits(skiff)}"
    found = run("bridge", "fdb", "show", "dev", tunnel).splitlines()
    found = [line for line in found if "dst" in line or line.startswith("02:42:0a:14:02:01")]
    found += run("ip", "neigh", "show", "dev", bridge, "nud", "permanent").splitlines()
    rules = run("nft", "list", "chain", "inet", skiff.layout.label.replace("-", "_"), "guard").splitlines()
    return sorted(line.strip() for line in [*found, *[rule for rule in rules if "vxlan" in rule or "@th" in rule]])


@pytest.mark.parametrize("kind", ["sk", "sx"])
@cured
def test_an_interface_of_an_overlay(skiff: Skiff, cure: tuple[str, ...], kind: str) -> None:
    overlay(skiff)
    before = entries(skiff)
    assert len(before) == 6
    with same_afterwards(skiff):
        run("nft", "flush", "ruleset")
        run("ip", "link", "del", f"{kind}{digits(skiff)}")
        skiff.run(*cure)
        await_works(skiff)
        assert entries(skiff) == before
    run("ip", "link", "del", port_of(skiff, "web"))
    skiff.run(*cure)
    await_works(skiff)


def test_entries_of_an_overlay(skiff: Skiff) -> None:
    overlay(skiff)
    before = entries(skiff)
    tunnel, bridge = f"sx{digits(skiff)}", f"sk{digits(skiff)}"
    run("bridge", "fdb", "del", "00:00:00:00:00:00", "dev", tunnel, "dst", PEER)
    run("bridge", "fdb", "del", "02:42:0a:14:02:01", "dev", tunnel, "master")
    run("ip", "neigh", "del", "10.20.2.1", "dev", bridge)
    run("ip", "link", "set", tunnel, "nomaster")
    skiff.run("network", "reload", "net")
    assert entries(skiff) == before
    assert f"master {bridge}" in run("ip", "-o", "link", "show", tunnel)


@cured
def test_open_vswitch(skiff: Skiff, ovs: Switch, cure: tuple[str, ...]) -> None:
    options = ("-o", f"database={ovs.database}", "-o", "datapath_type=netdev")
    populate(skiff, "-d", "openvswitch", *options, "--subnet", "10.7.0.0/16")
    bridge, host = f"so{digits(skiff)}", f"sk{digits(skiff)}"
    with same_afterwards(skiff):
        for damage in (["del-port", port_of(skiff, "web")], ["del-port", host], ["del-br", bridge]):
            run("nft", "flush", "ruleset")
            ovs.ctl(*damage)
            skiff.run(*cure)
            await_works(skiff)
        run("ip", "link", "del", port_of(skiff, "web"))
        skiff.run(*cure)
        await_works(skiff)
    assert len(ovs.ports()[bridge]) == 3


def test_a_switch_that_is_not_ours_keeps_nobody_from_being_mended(skiff: Skiff, ovs: Switch) -> None:
    make = ("add-br", "lan", "--", "set", "Bridge", "lan", "datapath_type=netdev")
    ovs.ctl(*make)
    options = ("-o", f"database={ovs.database}", "-o", "bridge=lan", "--subnet", "10.7.0.0/16")
    populate(skiff, "-d", "openvswitch", *options)
    skiff.run("network", "create", "other")
    skiff.run("run", "-d", "--network", "other", "bb", "sleep", "1000")
    ovs.ctl("del-br", "lan")
    run("ip", "link", "del", f"sk{skiff.run('network', 'ls', '-q', '--no-trunc', '-f', 'name=other').stdout[:10]}")
    failed = skiff.run("network", "reload", check=False)
    assert failed.returncode == 1
    assert "network net: its bridge lan, which was there before it, is gone" in failed.stderr
    run("ip", "link", "show", f"sk{skiff.run('network', 'ls', '-q', '--no-trunc', '-f', 'name=other').stdout[:10]}")
    ovs.ctl(*make)
    skiff.run("network", "reload")
    await_works(skiff)
    skiff.remove_everything()
    assert ovs.ports() == {"lan": []}


def test_peers_by_command(skiff: Skiff) -> None:
    peer = f"b={PEER}/10.20.2.0/24"
    populate(skiff, "-d", "overlay", "--subnet", "10.20.0.0/16", "--ip-range", SLICE, "--peer", peer)
    assert any(f"dst {PEER}" in line for line in entries(skiff))
    shown = json.loads(skiff.run("network", "inspect", "net").stdout)[0]["Peers"]
    assert shown == [{"Name": "b", "IP": PEER, "Slice": "10.20.2.0/24"}]
    skiff.run("network", "peers", "--add", "c=198.51.100.3/10.20.3.0/24", "--rm", "b", "net")
    assert skiff.run("network", "peers", "--format", "{{.Name}} {{.Slice}}", "net").stdout == "c 10.20.3.0/24\n"
    assert not any(f"dst {PEER}" in line for line in entries(skiff))
    await_works(skiff)
    skiff.run("network", "create", "plain")
    failed = skiff.run("network", "peers", "plain", check=False)
    assert (failed.returncode, "it is no overlay network" in failed.stderr) == (1, True)
