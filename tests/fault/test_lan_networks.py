"""Kill -9 around containers that have an interface of the host for themselves: nothing stays in the way."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.support.kills import Kills
from tests.support.netlab import run
from tests.support.power import await_end
from tests.support.skiff import Skiff

OPTIONS = ("-o", "parent=p0", "-o", "macvlan_mode=passthru", "--subnet", "192.0.2.0/24")
CREATE = ("network", "create", "-d", "macvlan", *OPTIONS, "lan")
REMOVE = ("network", "rm", "lan")
SLEEP = ("busybox", "sleep", "1000")
LOOK = ("exec", "web", "ip", "-o", "addr", "show")


@pytest.fixture(autouse=True)
def parent(skiff: Skiff) -> None:
    cable()


def cable() -> None:
    run("ip", "link", "add", "p0", "type", "veth", "peer", "name", "p1")
    for name in ("p0", "p1"):
        run("ip", "link", "set", name, "up")


def addressed(skiff: Skiff, interface: str) -> bool:
    return "inet 192.0.2.2/24" in skiff.run(*LOOK, interface, check=False).stdout


def test_create_and_remove(skiff: Skiff) -> None:
    for words, other in ((CREATE, REMOVE), (REMOVE, CREATE)):
        kills = Kills(skiff, 6, *words)
        for point in kills.points:
            skiff.run(*other)
            kills.strike(point, *words)
            skiff.run(*words, check=False)
            names = skiff.run("network", "ls", "--filter", "driver=macvlan", "--format", "{{.Name}}").stdout.split()
            assert names == (["lan"] if words == CREATE else [])


def test_start(skiff: Skiff) -> None:
    skiff.run(*CREATE)
    skiff.run("create", "--name", "web", "--network", "lan", *SLEEP)
    kills = Kills(skiff, 10, "start", "web")
    for number, point in enumerate(kills.points):
        skiff.run("stop", "-t", "0", "web")
        kills.strike(point, "start", "web")
        if number % 2:
            skiff.run("start", "web")
            assert addressed(skiff, "eth0")
    skiff.run("restart", "-t", "0", "web")
    assert addressed(skiff, "eth0")


@pytest.mark.parametrize("verb", ["connect", "disconnect"])
def test_a_running_container(skiff: Skiff, verb: str) -> None:
    skiff.run(*CREATE)
    skiff.run("run", "-d", "--name", "web", *SLEEP)
    if verb == "disconnect":
        skiff.run("network", "connect", "lan", "web")
    kills = Kills(skiff, 8, "network", verb, "lan", "web")
    other = "disconnect" if verb == "connect" else "connect"
    for point in kills.points:
        skiff.run("network", other, "lan", "web", check=False)
        kills.strike(point, "network", verb, "lan", "web")
        skiff.run("network", verb, "lan", "web", check=False)
        assert addressed(skiff, "eth1") == (verb == "connect")


def test_an_interface_that_went_away(skiff: Skiff) -> None:
    """What is not Skiff's cannot be brought back by it, and does not keep it from the rest."""
    skiff.run(*CREATE)
    skiff.run("network", "create", "-o", "com.docker.network.bridge.name=later", "later")
    for name, network in (("web", "lan"), ("other", "later")):
        skiff.run("run", "-d", "--name", name, "--network", network, *SLEEP)
    for name in ("p0", "later"):
        run("ip", "link", "del", name)
    failed = skiff.run("network", "reload", check=False)
    assert failed.returncode == 1
    assert "network lan: the host has no interface p0 any more; bring it back" in failed.stderr
    run("ip", "link", "show", "later")
    cable()
    assert not addressed(skiff, "eth0")
    assert skiff.run("network", "reload").stdout.split() == ["lan", "later"]
    assert addressed(skiff, "eth0")
    assert "default via 192.0.2.1" in skiff.run("exec", "web", "ip", "route").stdout


def test_a_container_whose_monitor_was_killed_with_it(skiff: Skiff) -> None:
    """Nobody has noted its end; its place and address are free all the same."""
    skiff.run(*CREATE)
    skiff.run("run", "-d", "--name", "web", "--network", "lan", *SLEEP)
    pid = int(skiff.run("inspect", "-f", "{{.State.Pid}}", "web").stdout)
    monitor = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    for process in (monitor, pid):
        os.kill(process, signal.SIGKILL)
        await_end(process)
    skiff.run("run", "-d", "--name", "next", "--network", "lan", "--ip", "192.0.2.2", *SLEEP)
    skiff.run("rm", "-f", "next")
    skiff.run("start", "web")
    assert addressed(skiff, "eth0")
