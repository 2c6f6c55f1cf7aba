"""Kill -9 of a container's monitor, alone and with its first process: told at once, and nothing is stuck."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

from tests.support.skiff import Skiff

SLEEP = ("busybox", "sleep", "1000")


def monitor_and_init(skiff: Skiff, name: str) -> tuple[int, int]:
    """Return the pids of a container's monitor and of its first process."""
    container = skiff.run("inspect", "--format", "{{.Id}}", name).stdout.strip()
    state = json.loads((Path(skiff.layout.bundle(container)) / "state.json").read_text())
    return state["monitor_pid"], state["pid"]


def kill(*pids: int) -> None:
    """Kill processes that are not our children, and wait until they are gone."""
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while any(_alive(pid) for pid in pids):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in ("Z", "X")
    except FileNotFoundError:
        return False


def test_the_container_goes_on_and_can_be_stopped(skiff: Skiff) -> None:
    skiff.run("run", "-d", "--name", "web", "-p", "127.0.0.1:18102:80", *SLEEP)
    monitor, init = monitor_and_init(skiff, "web")
    kill(monitor)
    assert skiff.states() == {"web": "running"}
    assert skiff.run("exec", "web", "echo", "alive").stdout == "alive\n"
    skiff.run("stop", "-t", "0", "web", timeout=30)
    assert not _alive(init)
    assert skiff.states() == {"web": "exited"}
    skiff.run("start", "web")
    assert skiff.states() == {"web": "running"}


def test_the_container_goes_on_and_can_be_removed(skiff: Skiff) -> None:
    skiff.run("run", "-d", "--name", "web", *SLEEP)
    monitor, init = monitor_and_init(skiff, "web")
    kill(monitor)
    skiff.run("rm", "-f", "web", timeout=30)
    assert not _alive(init)
    assert skiff.states() == {}


def test_its_end_is_told_without_its_code(skiff: Skiff) -> None:
    skiff.run("run", "-d", "--name", "web", *SLEEP)
    monitor, init = monitor_and_init(skiff, "web")
    kill(monitor)
    kill(init)
    assert skiff.states() == {"web": "exited"}
    assert skiff.run("inspect", "--format", "{{.State.ExitCode}}", "web").stdout == "255\n"
    assert skiff.run("inspect", "--format", "{{.State.Error}}", "web").stdout.strip()
    skiff.run("start", "web")


def test_the_monitor_is_killed_while_stop_waits(skiff: Skiff) -> None:
    skiff.run("run", "-d", "--name", "web", "--network", "none", *SLEEP)  # as process 1 it does not obey SIGTERM
    monitor, init = monitor_and_init(skiff, "web")
    silent = subprocess.DEVNULL
    stop = subprocess.Popen(skiff.command("stop", "-t", "2", "web"), env=skiff.environment, stdout=silent)
    socket = f"/proc/{stop.pid}/fd"
    deadline = time.monotonic() + 10
    while not any("socket:" in _target(f"{socket}/{name}") for name in os.listdir(socket)):
        assert time.monotonic() < deadline
    kill(monitor)
    assert stop.wait(30) == 0
    assert not _alive(init)
    assert skiff.states() == {"web": "exited"}


def _target(path: str) -> str:
    try:
        return os.readlink(path)
    except OSError:
        return ""


def test_monitor_and_container_at_once(skiff: Skiff) -> None:
    skiff.run("run", "-d", "--name", "web", "-p", "127.0.0.1:18103:80", "-v", "data:/d", *SLEEP)
    for _round in range(2):
        kill(*monitor_and_init(skiff, "web"))
        assert skiff.states() == {"web": "exited"}
        skiff.run("start", "web")
    assert skiff.run("exec", "web", "echo", "alive").stdout == "alive\n"
    kill(*monitor_and_init(skiff, "web"))
    skiff.run("rm", "web")
    skiff.run("volume", "rm", "data")
