"""Signals to the command in the middle of its work, to the monitor, and what a container gets of its own."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.fault.test_monitor_killed import monitor_and_init
from tests.support.kills import Kills
from tests.support.skiff import Skiff
from tests.support.waiting import until

SLEEP = ("busybox", "sleep", "1000")
LIMIT = 60.0  # seconds; a guard against hanging
# It says which signal has ended it, and goes on long enough to be waited for.
TELLING = (
    'for name in TERM INT HUP QUIT USR1 37; do trap "echo got $name; exit 7" $name; done;'
    " echo up; while :; do sleep 0.05; done"
)


@pytest.mark.parametrize("name", ["TERM", "HUP", "QUIT"])
def test_anywhere_in_create_start_stop_and_rm(skiff: Skiff, name: str) -> None:
    rounds = (
        (("create", "--name", "web", "-v", "/data", *SLEEP), ("rm", "-f", "-v", "web")),
        (("start", "web"), ("stop", "-t", "0", "web")),
        (("stop", "-t", "0", "web"), ("start", "web")),
        (("rm", "-f", "-v", "web"), ("create", "--name", "web", "-v", "/data", *SLEEP)),
    )
    for words, undo in rounds:
        _prepare(skiff, words[0])
        kills = Kills(skiff, 4, *words)
        for point in kills.points:
            _prepare(skiff, words[0])
            kills.strike(point, *words, signal=name)
            skiff.run(*undo, check=False, timeout=LIMIT)  # whatever became of it, the next call goes on from there
        _prepare(skiff, words[0])
        skiff.run(*words, timeout=LIMIT)
    skiff.run("rm", "-f", "-v", "web", check=False)
    assert skiff.states() == {}


def _prepare(skiff: Skiff, verb: str) -> None:
    """Have the container be what a verb starts from."""
    skiff.run("rm", "-f", "-v", "web", check=False, timeout=LIMIT)
    if verb == "start":
        skiff.run("create", "--name", "web", *SLEEP)
    elif verb in ("stop", "rm"):
        skiff.run("run", "-d", "--name", "web", *SLEEP)


def test_the_monitor_is_told_to_end(skiff: Skiff) -> None:
    """As by a host that shuts down: the container gets its own stop signal, says good-bye, and its code is known."""
    skiff.run("run", "-d", "--name", "web", "--network=none", "--stop-signal", "USR1", "busybox", "sh", "-c", TELLING)
    until(lambda: skiff.run("logs", "web").stdout == "up\n", LIMIT)
    monitor, _init = monitor_and_init(skiff, "web")
    os.kill(monitor, signal.SIGTERM)
    until(lambda: skiff.states() == {"web": "exited"}, LIMIT)
    assert skiff.run("logs", "web").stdout == "up\ngot USR1\n"
    assert skiff.run("inspect", "--format", "{{.State.ExitCode}}", "web").stdout == "7\n"
    skiff.run("start", "web")


def test_a_terminal_that_goes_does_not_take_the_monitor_along(skiff: Skiff) -> None:
    skiff.run("run", "-d", "--name", "web", "--network=none", *SLEEP)
    monitor, _init = monitor_and_init(skiff, "web")
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
        os.kill(monitor, number)
    skiff.run("exec", "web", "true")
    assert skiff.states() == {"web": "running"}
    assert monitor_and_init(skiff, "web")[0] == monitor


@pytest.mark.parametrize("text", ["TERM", "SIGINT", "hup", "3", "SIGRTMIN+3"])
def test_the_stop_signal_may_be_any(skiff: Skiff, text: str) -> None:
    skiff.run("run", "-d", "--name", "web", "--network=none", "--stop-signal", text, "busybox", "sh", "-c", TELLING)
    until(lambda: skiff.run("logs", "web").stdout == "up\n", LIMIT)
    skiff.run("stop", "-t", "60", "web", timeout=LIMIT)
    names = {"TERM": "TERM", "SIGINT": "INT", "hup": "HUP", "3": "QUIT", "SIGRTMIN+3": "37"}
    assert skiff.run("logs", "web").stdout == f"up\ngot {names[text]}\n"
    assert skiff.run("inspect", "--format", "{{.State.ExitCode}}", "web").stdout == "7\n"


IGNORING = """\
import os, signal, sys
for number in (signal.SIGCHLD, signal.SIGHUP, signal.SIGPIPE, signal.SIGTERM):
    signal.signal(number, signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1, signal.SIGALRM, signal.SIGCHLD])
os.execv(sys.argv[1], sys.argv[1:])
"""


@pytest.mark.parametrize("how", ["run", "exec"])
def test_a_caller_that_ignores_its_children(skiff: Skiff, how: str) -> None:
    """As Ansible's async does: everything works, and the container has none of it."""
    show = ("grep", "-e", "SigBlk", "-e", "SigIgn", "/proc/self/status")
    words: tuple[str, ...] = ("run", "--rm", "--network=none", "busybox", *show)
    if how == "exec":
        skiff.run("run", "-d", "--name", "web", "--network=none", *SLEEP)
        words = ("exec", "web", *show)
    command = ["/usr/bin/python3", "-c", IGNORING, *skiff.command(*words)]
    done = subprocess.run(command, env=skiff.environment, capture_output=True, text=True, timeout=LIMIT, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split() == ["SigBlk:", "0" * 16, "SigIgn:", "0" * 16]


def test_a_detached_container_outlives_the_group_of_its_command(skiff: Skiff, tmp_path: Path) -> None:
    """As at the end of a task: the whole process group and session of the command are killed."""
    words = skiff.command("run", "-d", "--name", "web", "--network=none", *SLEEP)
    done = tmp_path / "done"
    script = 'setsid "$@" >/dev/null && touch "$0"; sleep 1000'
    group = subprocess.Popen(["setsid", "sh", "-c", script, str(done), *words], env=skiff.environment)
    until(done.exists, LIMIT)
    os.killpg(group.pid, signal.SIGKILL)
    group.wait()
    assert skiff.states() == {"web": "running"}
    assert skiff.run("exec", "web", "echo", "alive").stdout == "alive\n"
