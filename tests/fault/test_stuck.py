"""Clients that do not read, processes that do not die, stopped holders of a lock: nothing else waits."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from runtime_lib.linux.cgroups.hierarchy import detect
from tests.support import waiting
from tests.support.skiff import Skiff

LIMIT = 120.0  # seconds for anything; what is stuck would stay so for ever
FLOOD = "yes 0123456789012345678901234567890123456789 | head -n 100000; touch /done; exec sleep 1000"  # 4 MB


def until(condition: Callable[[], object]) -> None:
    waiting.until(condition, LIMIT)


@contextmanager
def client(skiff: Skiff, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    """A command whose output nobody reads."""
    process = subprocess.Popen(
        skiff.command(*words), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=skiff.environment
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def stop_when_connected(process: subprocess.Popen[bytes]) -> None:
    """SIGSTOP a client once the first byte of the container's output has come to it."""
    assert process.stdout is not None
    assert os.read(process.stdout.fileno(), 1)
    process.send_signal(signal.SIGSTOP)


@pytest.mark.parametrize("how", [("attach",), ("logs", "-f")], ids=["attach", "logs"])
def test_a_reader_that_is_stopped(skiff: Skiff, how: tuple[str, ...]) -> None:
    script = f"while ! test -e /go; do echo tick; sleep 0.05; done; {FLOOD}"
    skiff.run("run", "-d", "--name", "web", "--network", "none", "busybox", "sh", "-c", script)
    with client(skiff, *how, "web") as reader:
        stop_when_connected(reader)
        skiff.run("exec", "web", "touch", "/go")
        until(lambda: skiff.run("exec", "web", "test", "-e", "/done", check=False).returncode == 0)
        skiff.run("stop", "-t", "0", "web", timeout=LIMIT)
        assert skiff.states() == {"web": "exited"}
        assert skiff.run("inspect", "-f", "{{.State.ExitCode}}", "web").stdout == "137\n"


def test_a_foreground_client_that_is_stopped_holds_up_its_container_alone(skiff: Skiff) -> None:
    with client(skiff, "run", "--name", "web", "--network", "none", "busybox", "sh", "-c", f"echo up; {FLOOD}") as run:
        stop_when_connected(run)
        assert skiff.run("exec", "web", "echo", "alive", timeout=LIMIT).stdout == "alive\n"
        assert skiff.states() == {"web": "running"}
        skiff.run("stop", "-t", "0", "web", timeout=LIMIT)
        assert skiff.states() == {"web": "exited"}
        assert skiff.run("inspect", "-f", "{{.State.ExitCode}}", "web").stdout == "137\n"
        skiff.run("start", "web", timeout=LIMIT)
        skiff.run("rm", "-f", "web", timeout=LIMIT)


def test_the_output_of_an_exec_that_nobody_reads(skiff: Skiff) -> None:
    skiff.run("run", "-d", "--name", "web", "--network", "none", "busybox", "sleep", "1000")
    with client(skiff, "exec", "web", "sh", "-c", f"echo up; {FLOOD}") as reader:
        stop_when_connected(reader)
        assert skiff.run("exec", "web", "echo", "alive", timeout=LIMIT).stdout == "alive\n"
        skiff.run("stop", "-t", "0", "web", timeout=LIMIT)
    assert skiff.states() == {"web": "exited"}


def test_input_that_nobody_reads_and_whose_writer_is_killed(skiff: Skiff) -> None:
    run = subprocess.Popen(
        skiff.command(
            "run", "-i", "--name", "web", "--network", "none", "busybox", "sh", "-c", "echo up; exec sleep 1000"
        ),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=skiff.environment,
    )
    assert run.stdin is not None
    assert run.stdout is not None
    assert run.stdout.readline() == b"up\n"
    os.set_blocking(run.stdin.fileno(), False)
    written = 0
    while written < 1_000_000:
        try:
            written += os.write(run.stdin.fileno(), bytes(65536))
        except BlockingIOError:
            break
    run.kill()
    run.communicate()
    state = json.loads(Path(skiff.layout.bundle(_id(skiff, "web")), "state.json").read_text())
    until(lambda: _sleeps(state["monitor_pid"]))
    skiff.run("stop", "-t", "0", "web", timeout=LIMIT)
    assert skiff.states() == {"web": "exited"}


def _sleeps(pid: int) -> bool:
    """Whether a process has used no processor for a while: it does not spin."""

    def used() -> list[str]:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]

    before = used()
    time.sleep(0.5)
    return used() == before


def _id(skiff: Skiff, name: str) -> str:
    return skiff.run("inspect", "-f", "{{.Id}}", name).stdout.strip()


RESISTING = {
    "ignores TERM": "trap '' TERM; echo up; while :; do sleep 0.05; done",
    "daemons": "(setsid sh -c 'trap \"\" TERM HUP; while :; do sleep 0.05; done' &) ; echo up; exec sleep 1000",
    "stopped": "sleep 1000 & kill -STOP $!; echo up; wait",
    "forks on": "f() { sleep 0.02; f & }; for i in 1 2 3 4 5 6 7 8 9; do f & done; echo up; wait; exec sleep 1000",
}


@pytest.mark.parametrize("state", ["running", "paused"])
@pytest.mark.parametrize("script", RESISTING.values(), ids=RESISTING.keys())
def test_processes_that_resist(skiff: Skiff, script: str, state: str) -> None:
    words = ("--network", "none", "--pids-limit", "200", "busybox", "sh", "-c", script)
    skiff.run("run", "-d", "--name", "web", *words)
    until(lambda: skiff.run("logs", "web").stdout)
    group = skiff.layout.cgroup(_id(skiff, "web"))
    folder = next(path for path in (detect().folder(key, group) for key in detect().mounts) if path)
    assert Path(folder, "cgroup.procs").read_text()
    if state == "paused":
        skiff.run("pause", "web")
    skiff.run("stop", "-t", "1", "web", timeout=LIMIT)
    assert skiff.states() == {"web": "exited"}
    assert not Path(folder).exists()
    skiff.run("start", "web")
    if state == "paused":
        skiff.run("pause", "web")
    skiff.run("rm", "-f", "web", timeout=LIMIT)
    assert not Path(folder).exists()


def test_one_stuck_container_holds_up_no_other(skiff: Skiff) -> None:
    for name in ("stuck", "other"):
        skiff.run("run", "-d", "--name", name, "--network", "none", "busybox", "sleep", "1000")
    lock = Path(skiff.layout.locks, f"container-{_id(skiff, 'stuck')}")
    holder = subprocess.Popen(
        ["flock", str(lock), "sh", "-c", "echo held; exec sleep 1000"], stdout=subprocess.PIPE, start_new_session=True
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        os.killpg(holder.pid, signal.SIGSTOP)
        assert skiff.states() == {"stuck": "running", "other": "running"}
        for words in (
            ("exec", "other", "true"),
            ("stop", "-t", "0", "other"),
            ("start", "other"),
            ("rm", "-f", "other"),
        ):
            skiff.run(*words, timeout=LIMIT)
        assert skiff.run("exec", "stuck", "echo", "alive").stdout == "alive\n"
        assert skiff.states() == {"stuck": "running"}
    finally:
        os.killpg(holder.pid, signal.SIGKILL)
        holder.wait()
        assert holder.stdout is not None
        holder.stdout.close()
    skiff.run("rm", "-f", "stuck", timeout=LIMIT)


@pytest.mark.parametrize("init", [True, False], ids=["init", "no init"])
def test_a_thousand_orphans_leave_no_zombie(skiff: Skiff, init: bool) -> None:
    # Each orphan is left to process 1: the reaper, or a shell that waits for nobody it has not started itself.
    script = "i=0; while [ $i -lt 1000 ]; do (true &); i=$((i+1)); done; touch /done; exec sleep 1000"
    skiff.run(
        "run", "-d", *(("--init",) if init else ()), "--name", "web", "--network", "none", "busybox", "sh", "-c", script
    )
    until(lambda: skiff.run("exec", "web", "test", "-e", "/done", check=False).returncode == 0)
    if init:
        until(lambda: _zombies(skiff) == 0)
    skiff.run("exec", "web", "sh", "-c", "i=0; while [ $i -lt 50 ]; do (sleep 0.01 &); i=$((i+1)); done")
    if init:
        until(lambda: _zombies(skiff) == 0)
    skiff.run("rm", "-f", "web", timeout=LIMIT)
    assert skiff.states() == {}


def _zombies(skiff: Skiff) -> int:
    states = skiff.run("exec", "web", "sh", "-c", "grep -h '^State' /proc/[0-9]*/status").stdout
    return states.count("zombie")
