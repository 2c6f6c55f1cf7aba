"""Kill -9 of a container's monitor, alone and with its first process: told at once, and nothing is stuck."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.support.skiff import Skiff
from tests.support.waiting import until

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
    until(lambda: not any(_alive(pid) for pid in pids), 120)


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
    skiff.run("stop", "-t", "0", "web", timeout=120)
    assert not _alive(init)
    assert skiff.states() == {"web": "exited"}
    skiff.run("start", "web")
    assert skiff.states() == {"web": "running"}


def test_the_container_goes_on_and_can_be_removed(skiff: Skiff) -> None:
    skiff.run("run", "-d", "--name", "web", *SLEEP)
    monitor, init = monitor_and_init(skiff, "web")
    kill(monitor)
    skiff.run("rm", "-f", "web", timeout=120)
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
    deadline = time.monotonic() + 60
    while not any("socket:" in _target(f"{socket}/{name}") for name in os.listdir(socket)):
        assert time.monotonic() < deadline
    kill(monitor)
    assert stop.wait(120) == 0
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


def test_the_monitor_is_killed_while_it_writes_logs(skiff: Skiff) -> None:
    script = "i=0; while :; do i=$((i+1)); echo line $i; done"
    skiff.run("run", "-d", "--name", "web", "--network", "none", "busybox", "sh", "-c", script)
    until(lambda: skiff.run("logs", "--tail", "1", "web").stdout, 120)
    monitor, init = monitor_and_init(skiff, "web")
    kill(monitor)
    # Nobody reads the output any more, so the program ends by itself, or can be ended; what was written can be read.
    skiff.run("kill", "web", check=False, timeout=120)
    until(lambda: skiff.states() == {"web": "exited"}, 120)
    assert not _alive(init)
    lines = skiff.run("logs", "web").stdout.splitlines()
    assert lines[:2] == ["line 1", "line 2"]
    assert lines == [f"line {number}" for number in range(1, len(lines) + 1)]
    skiff.run("start", "web")
    until(lambda: skiff.run("logs", "--tail", "1", "web").stdout.strip() != lines[-1], 120)


def test_the_monitor_is_killed_during_an_exec(skiff: Skiff) -> None:
    skiff.run("run", "-d", "--name", "web", "--network", "none", *SLEEP)
    script = "echo up; read line; echo $line; exit 5"
    words = skiff.command("exec", "-i", "web", "sh", "-c", script)
    call = subprocess.Popen(words, env=skiff.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert call.stdout is not None
    assert call.stdout.readline() == "up\n"
    kill(monitor_and_init(skiff, "web")[0])
    said, _errors = call.communicate("still here\n", timeout=120)
    assert (call.returncode, said) == (5, "still here\n")


def test_monitor_and_container_and_command_at_once(skiff: Skiff) -> None:
    """Port, address and volume can be taken again by the next start."""
    skiff.run("network", "create", "--subnet", "10.123.0.0/24", "net")
    words = ("-p", "127.0.0.1:18104:80", "--network", "net", "--ip", "10.123.0.9", "-v", "data:/d", *SLEEP)
    skiff.run("run", "-d", "--name", "web", *words)
    silent = subprocess.DEVNULL
    client = subprocess.Popen(skiff.command("attach", "web"), env=skiff.environment, stdin=silent, stdout=silent)
    until(lambda: any("socket:" in _target(f"/proc/{client.pid}/fd/{name}") for name in _descriptors(client.pid)), 120)
    monitor, init = monitor_and_init(skiff, "web")
    client.kill()
    kill(monitor, init)
    client.wait()
    assert skiff.states() == {"web": "exited"}
    skiff.run("start", "web")
    address = "{{.NetworkSettings.Networks.net.IPAddress}}"
    assert skiff.run("inspect", "--format", address, "web").stdout == "10.123.0.9\n"
    kill(*monitor_and_init(skiff, "web"))
    skiff.run("rm", "web")
    skiff.run("run", "-d", "--name", "other", *words)  # somebody else can have it all
    assert skiff.states() == {"other": "running"}
    skiff.run("rm", "-f", "other")
    skiff.run("volume", "rm", "data")


def _descriptors(pid: int) -> list[str]:
    try:
        return os.listdir(f"/proc/{pid}/fd")
    except FileNotFoundError:
        return []


@pytest.mark.parametrize("call", ["mkdir", "rename", "clone3,clone,fork,vfork", "sendmsg", "mount_setattr,move_mount"])
def test_the_monitor_is_killed_during_a_start(skiff: Skiff, call: str) -> None:
    """At its first and at a later call of each kind: the start fails or goes on, and the next one runs."""
    for when in (1, 3):
        skiff.run("create", "--name", "web", "--network", "none", "busybox", "true")
        inject = f"inject={call}:signal=KILL:when={when}"
        trace = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e", "signal=none", "-e", inject]
        words = [*trace, *skiff.command("start", "web")]
        done = subprocess.run(words, env=skiff.environment, capture_output=True, text=True, timeout=120, check=False)
        assert "Traceback" not in done.stderr
        until(lambda: skiff.states()["web"] in ("created", "exited"), 120)
        skiff.run("start", "-a", "web", timeout=120)
        assert skiff.states() == {"web": "exited"}
        skiff.run("rm", "-f", "web", timeout=120)
