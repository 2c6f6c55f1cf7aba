"""A host that goes down and comes up: shutdown and restore, on the real kernel."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runtime_lib.linux import netns
from tests.support import leftovers, power, rootfs, waiting
from tests.support.skiff import Skiff

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
PATIENCE = 120.0  # seconds
MEEK = ("sh", "-c", "trap 'echo asked; exit 3' TERM; echo up; while :; do sleep 0.05; done")
DEAF = ("sh", "-c", "trap '' TERM; echo up; while :; do sleep 0.05; done")


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Skiff]:
    """An installation with the image `bb` in a network of its own; nothing of it may be left at the end."""
    folder = tmp_path_factory.mktemp("boot")
    archive = rootfs.tar(folder / "rootfs", folder / "bb.tar")
    with netns.fresh() as namespace:
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        host = Skiff(folder / "root")
        host.run("import", str(archive), "bb")
        yield host
        left = leftovers.of(host.root, host.layout.label)
        os.close(namespace)
    assert left == {}


@pytest.fixture
def skiff(installation: Skiff) -> Iterator[Skiff]:
    yield installation
    installation.remove_everything()


def run(skiff: Skiff, name: str, *words: str, program: tuple[str, ...] = MEEK, network: str = "none") -> None:
    skiff.run("run", "-d", "--name", name, "--network", network, *words, "bb", *program)


def ready(skiff: Skiff, *names: str) -> None:
    """Wait until the programs take signals."""
    until(lambda: all("up" in skiff.run("logs", name).stdout for name in names))


def until(condition: Callable[[], object]) -> None:
    waiting.until(condition, PATIENCE)


def state(skiff: Skiff, name: str) -> tuple[str, int]:
    found = json.loads(skiff.run("inspect", name).stdout)[0]["State"]
    return found["Status"], found["ExitCode"]


def reboot(skiff: Skiff) -> None:
    skiff.run("shutdown")
    power.forget(skiff)


def test_each_is_asked_with_its_own_signal_and_killed_after_its_own_time(skiff: Skiff) -> None:
    run(skiff, "meek")
    run(skiff, "interrupted", "--stop-signal", "INT", program=("sh", "-c", MEEK[2].replace("TERM", "INT")))
    run(skiff, "deaf", "--stop-timeout", "1", program=DEAF)
    run(skiff, "patient", "--stop-timeout", "-1", program=DEAF)
    run(skiff, "paused")
    run(skiff, "gone", "--rm")
    ready(skiff, "meek", "interrupted", "deaf", "patient", "paused", "gone")
    skiff.run("pause", "paused")
    done = skiff.run("shutdown", "-t", "2")
    assert sorted(done.stdout.split()) == ["deaf", "gone", "interrupted", "meek", "patient", "paused"]
    codes = {name: state(skiff, name) for name in ("meek", "interrupted", "deaf", "patient", "paused")}
    ends = {"meek": 3, "interrupted": 3, "deaf": 137, "patient": 137, "paused": 3}
    assert codes == {name: ("exited", code) for name, code in ends.items()}
    assert "gone" not in skiff.states()
    assert skiff.run("logs", "meek").stdout == "up\nasked\n"
    assert skiff.run("shutdown").stdout == ""


def test_the_times_run_side_by_side(skiff: Skiff) -> None:
    program = ("sh", "-c", "trap 'echo asked' TERM; echo up; while :; do sleep 0.05; done")
    names = [f"deaf{number}" for number in range(4)]
    for name in names:
        run(skiff, name, "--stop-timeout", "10", program=program)
    ready(skiff, *names)
    skiff.run("shutdown")
    asked = [skiff.run("logs", "-t", name).stdout.splitlines()[-1].split()[0] for name in names]
    ended = [json.loads(skiff.run("inspect", name).stdout)[0]["State"]["FinishedAt"] for name in names]
    assert max(asked) < min(ended)  # RFC 3339, in UTC


def test_one_whose_monitor_was_killed_is_ended_too(skiff: Skiff) -> None:
    run(skiff, "alone", "--restart", "always")
    ready(skiff, "alone")
    for line in leftovers.processes(skiff.root):
        os.kill(int(line.split()[0]), signal.SIGKILL)
    assert skiff.run("shutdown").stdout == "alone\n"
    assert state(skiff, "alone") == ("exited", 255)
    power.forget(skiff)
    assert skiff.run("restore").stdout == "alone\n"


@pytest.mark.parametrize("way", [reboot, power.cut])
def test_what_was_restored_is_whole(skiff: Skiff, way: Callable[[Skiff], None]) -> None:
    skiff.run("network", "create", "front")
    run(skiff, "web", "--restart", "always", "-v", "data:/data", "-p", "8080:80", network="front")
    run(skiff, "beside", "--restart", "always", network="container:web")
    run(skiff, "once", "--restart", "no")
    run(skiff, "gone", "--rm")
    skiff.run("create", "--rm", "--name", "never", "bb", "true")
    ready(skiff, "web", "beside", "once", "gone")
    skiff.run("exec", "web", "sh", "-c", "echo kept >/data/file; echo kept >/file; sync")
    address = skiff.run("exec", "web", "ip", "addr", "show", "eth0").stdout
    way(skiff)
    for _index, name in socket.if_nameindex():
        if name.startswith("sk"):
            subprocess.run(["ip", "link", "delete", name], check=True)
    table = skiff.layout.label.replace("-", "_")
    subprocess.run(["nft", "delete", "table", "inet", table], check=False, capture_output=True)
    assert sorted(skiff.run("restore").stdout.split()) == ["beside", "web"]
    assert skiff.states() == {"web": "running", "beside": "running", "once": "exited"}
    assert skiff.run("exec", "web", "cat", "/data/file", "/file").stdout == "kept\nkept\n"
    assert "inet " in address
    assert "inet " in skiff.run("exec", "beside", "ip", "addr", "show", "eth0").stdout
    shown = subprocess.run(["nft", "list", "map", "inet", table, "ports4_port"], capture_output=True, text=True)
    assert "tcp . 8080 : 80" in shown.stdout
    assert skiff.run("logs", "web").stdout.count("up\n") == 2
    assert skiff.run("restore").stdout == ""
    skiff.run("rm", "-f", "web", "beside")
    skiff.run("volume", "rm", "data")


def test_one_that_cannot_start_does_not_keep_the_others_from_it(skiff: Skiff) -> None:
    run(skiff, "owner")
    run(skiff, "guest", "--restart", "always", network="container:owner")
    run(skiff, "other", "--restart", "always")
    ready(skiff, "owner", "guest", "other")
    reboot(skiff)
    done = skiff.run("restore", check=False)
    assert (done.returncode, done.stdout) == (1, "other\n")
    assert done.stderr.startswith("skiff: guest: container owner does not run")
    assert done.stderr.count("\n") == 1


def test_a_rule_for_every_boot_is_not_changed_by_a_shutdown(skiff: Skiff) -> None:
    run(skiff, "runs", "--restart", "unless-stopped")
    run(skiff, "stopped", "--restart", "unless-stopped")
    ready(skiff, "runs", "stopped")
    skiff.run("stop", "stopped")
    for _boot in range(2):
        reboot(skiff)
        assert skiff.run("restore").stdout == "runs\n"


def test_a_run_that_is_being_made_is_no_leftover(skiff: Skiff, tmp_path: Path) -> None:
    skiff.run("create", "--rm", "--name", "fresh", "bb", "true")
    assert skiff.run("restore").stdout == ""
    assert skiff.states() == {"fresh": "created"}
