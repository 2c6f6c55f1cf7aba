"""Terminals of containers, for real: what is typed, what appears, sizes, signals, and how a user leaves."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support import rootfs, waiting
from tests.support.alone import alone
from tests.support.skiff import Skiff
from tests.support.window import PATIENCE, Window

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
LEAVE = b"\x10\x11"
SHELL = 'while read line; do eval "$line"; done'  # without a prompt and line editing


@pytest.fixture(scope="module")
def skiff(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Skiff]:
    folder = tmp_path_factory.mktemp("terminal")
    archive = rootfs.tar(folder / "rootfs", folder / "bb.tar")
    with alone(folder, archive, 'CMD ["sh"]') as host:
        yield host


@pytest.fixture
def shell(skiff: Skiff) -> Iterator[str]:
    """The name of a container whose shell waits at a terminal."""
    skiff.run("run", "-dit", "--name", "shell", "--network", "none", "bb", "sh", "-c", SHELL)
    yield "shell"
    skiff.run("rm", "-f", "shell")


def terminal(skiff: Skiff, *words: str, rows: int = 24, columns: int = 80) -> Window:
    return Window(skiff.command(*words), skiff.environment, rows, columns)


def state(skiff: Skiff, name: str) -> str:
    return skiff.run("inspect", "-f", "{{.State.Status}}", name).stdout.strip()


def starts(skiff: Skiff, name: str) -> list[str]:
    """The ways to a shell at a terminal."""
    ways = {
        "run": ("run", "--rm", "-it", "--network", "none", "bb", "sh", "-c", SHELL),
        "exec": ("exec", "-it", "shell", "sh", "-c", SHELL),
        "attach": ("attach", "shell"),
    }
    return list(ways[name])


WAYS = pytest.mark.parametrize("way", ["run", "exec", "attach"])


@WAYS
def test_a_session(skiff: Skiff, shell: str, way: str) -> None:
    with terminal(skiff, *starts(skiff, way)) as user:
        user.type(b"echo $((6*7))\r")
        user.expect(b"42\r\n")
        assert user.is_raw()
        user.type(b"exit 7\r")
        assert user.end() == 7
        assert user.modes() == user.before


@WAYS
def test_the_size_of_the_window(skiff: Skiff, shell: str, way: str) -> None:
    with terminal(skiff, *starts(skiff, way), rows=33, columns=77) as user:
        user.type(b"stty size; trap 'echo WINCH; stty size' WINCH; echo read''y\r")
        user.expect(b"33 77\r\n")
        user.expect(b"ready\r\n")
        user.resize(50, 132)
        user.expect(b"WINCH\r\n50 132\r\n")
        user.type(b"exit\r")
        assert user.end() == 0


def test_a_program_begins_with_the_right_size(skiff: Skiff, shell: str) -> None:
    with terminal(skiff, "run", "--rm", "-t", "--network", "none", "bb", "stty", "size", rows=33, columns=77) as user:
        user.expect(b"33 77\r")
        assert user.end() == 0
    with terminal(skiff, "exec", "-it", shell, "stty", "size", rows=34, columns=78) as user:
        user.expect(b"34 78\r\n")
        assert user.end() == 0


@WAYS
def test_keys_that_make_signals_reach_the_program(skiff: Skiff, shell: str, way: str) -> None:
    with terminal(skiff, *starts(skiff, way)) as user:
        user.type(b"trap 'echo INT' INT; trap 'exit 5' QUIT; echo read''y; while :; do sleep 0.05; done\r")
        user.expect(b"ready\r\n")
        user.type(b"\x03")
        user.expect(b"INT\r\n")
        user.type(b"\x1c")
        assert user.end() == 5
        assert user.modes() == user.before


@WAYS
def test_leaving_by_keys(skiff: Skiff, shell: str, way: str) -> None:
    words = starts(skiff, way)
    if way == "run":
        words[1:2] = ["--name", "left"]
    with terminal(skiff, *words) as user:
        user.type(b"trap 'echo hangup >/hup' HUP; echo read''y\r")
        user.expect(b"ready\r\n")
        user.type(LEAVE)
        assert user.end() == (0 if way == "run" else 1)
        assert user.modes() == user.before
    if way == "run":
        with terminal(skiff, "attach", "left") as user:
            user.type(b"test -e /hup; echo $?\r")
            user.expect(b"1\r\n")
            user.type(b"exit 3\r")
            assert user.end() == 3
        skiff.run("rm", "left")
    assert state(skiff, shell) == "running"


def test_a_program_of_exec_goes_on_without_its_user(skiff: Skiff, shell: str) -> None:
    script = "echo up; while ! test -e /go; do sleep 0.05; done; yes line | head -n 20000; touch /done"
    with terminal(skiff, "exec", "-it", "--detach-keys", "x,ctrl-a", shell, "sh", "-c", script) as user:
        user.expect(b"up\r\n")
        user.type(b"x\x01")
        assert user.end() == 1
        skiff.run("exec", shell, "touch", "/go")
        user.until(lambda: skiff.run("exec", shell, "test", "-e", "/done", check=False).returncode == 0)


def test_exec_in_the_background_has_a_terminal_that_takes_its_output(skiff: Skiff, shell: str) -> None:
    skiff.run("exec", "-dt", shell, "sh", "-c", "tty >/where; yes line | head -n 20000; touch /done")
    with terminal(skiff, "attach", "--no-stdin", shell) as user:
        user.until(lambda: skiff.run("exec", shell, "test", "-e", "/done", check=False).returncode == 0)
    assert skiff.run("exec", shell, "cat", "/where").stdout.startswith("/dev/pts/")


def test_other_keys_and_none(skiff: Skiff, shell: str) -> None:
    with terminal(skiff, "attach", "--detach-keys", "ctrl-x", shell) as user:
        user.type(b"x=\x10\rprintf %s $x | od -An -tx1\r")
        user.expect(b" 10\r\n")
        user.type(b"\x18")
        assert user.end() == 1
    result = skiff.run("attach", "--detach-keys", "hyper-x", shell, check=False)
    assert (result.returncode, "hyper-x" in result.stderr) == (1, True)


def test_several_users_of_one_terminal(skiff: Skiff, shell: str) -> None:
    with terminal(skiff, "attach", shell) as first, terminal(skiff, "attach", shell) as second:
        second.type(b"echo fr''om second\r")
        for user in (second, first):
            user.expect(b"from second\r\n")
        first.type(b"echo fr''om first\r")
        for user in (first, second):
            user.expect(b"from first\r\n")
        second.type(LEAVE)
        assert second.end() == 1
        first.type(b"exit 4\r")
        assert first.end() == 4


def test_a_created_container_is_started_at_a_terminal(skiff: Skiff) -> None:
    skiff.run("create", "-it", "--name", "made", "--network", "none", "bb", "sh", "-c", f"stty size; {SHELL}")
    for rows in (31, 32):
        with terminal(skiff, "start", "-ai", "made", rows=rows, columns=90) as user:
            user.expect(b"%d 90\r\n" % rows)
            user.type(b"exit 6\r")
            assert user.end() == 6
            assert user.modes() == user.before
    skiff.run("rm", "made")


def test_a_large_paste(skiff: Skiff, shell: str) -> None:
    with terminal(
        skiff, "exec", "-it", shell, "sh", "-c", "stty raw -echo; echo ready; head -c 1000000 | md5sum"
    ) as user:
        user.expect(b"ready")
        text = bytes(range(32, 127)) * 10600
        user.type(text[:1_000_000])
        digest = subprocess.run(["md5sum"], input=text[:1_000_000], capture_output=True, check=True).stdout.split()[0]
        user.expect(digest)
        assert user.end() == 0


# What happens to the user's own terminal


@WAYS
def test_a_killed_client_puts_the_terminal_back(skiff: Skiff, shell: str, way: str) -> None:
    with terminal(skiff, *starts(skiff, way)) as user:
        user.type(b"echo read''y\r")
        user.expect(b"ready\r\n")
        user.process.kill()
        assert user.end() == -signal.SIGKILL
        user.until(lambda: user.modes() == user.before, "the terminal stays raw")


@pytest.mark.parametrize(
    ("way", "victim"),
    [("run", "pid"), ("exec", "pid"), ("attach", "pid"), ("run", "monitor_pid"), ("attach", "monitor_pid")],
)
def test_a_container_or_monitor_that_dies_puts_the_terminal_back(
    skiff: Skiff, shell: str, way: str, victim: str
) -> None:
    words = starts(skiff, way)
    if way == "run":
        words[1:1] = ["--name", "dies"]
    with terminal(skiff, *words) as user:
        user.type(b"echo read''y\r")
        user.expect(b"ready\r\n")
        name = "dies" if way == "run" else shell
        container = skiff.run("inspect", "-f", "{{.Id}}", name).stdout.strip()
        path = Path(skiff.layout.bundle(container)) / "state.json"
        os.kill(json.loads(path.read_text())[victim], signal.SIGKILL)
        if victim == "pid":
            assert user.end() == 137
        else:
            assert user.end() not in (0, None)
        assert user.modes() == user.before
    skiff.run("rm", "-f", "dies")


def test_a_window_that_is_closed(skiff: Skiff, shell: str) -> None:
    with terminal(skiff, "attach", shell) as user:
        user.type(b"echo read''y\r")
        user.expect(b"ready\r\n")
        user.hang_up()
        user.process.wait(60)
    assert state(skiff, shell) == "running"


# Without a terminal


@contextmanager
def piped(skiff: Skiff, output: Path, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    """A command that writes to a file; it is killed at the end."""
    with open(output, "wb") as file:
        process = subprocess.Popen(
            skiff.command(*words), stdin=subprocess.DEVNULL, stdout=file, stderr=file, env=skiff.environment
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def until(condition: Callable[[], object]) -> None:
    waiting.until(condition, PATIENCE)


@pytest.mark.parametrize(
    "words", [("run", "--rm", "-i", "--network", "none", "bb"), ("exec", "-i", "shell")], ids=["run", "exec"]
)
def test_input_is_passed_on_byte_for_byte_to_its_end(skiff: Skiff, shell: str, words: tuple[str, ...]) -> None:
    data = os.urandom(3_000_000) + LEAVE + b"\x00\xff\r\n"
    result = subprocess.run(
        skiff.command(*words, "sh", "-c", "cat; echo the end >&2"),
        input=data,
        capture_output=True,
        env=skiff.environment,
        timeout=PATIENCE,
        check=False,
    )
    assert (result.stdout == data, result.stderr, result.returncode) == (True, b"the end\n", 0)


@pytest.mark.parametrize(
    "words", [("run", "--rm", "-i", "--network", "none", "bb"), ("exec", "-i", "shell")], ids=["run", "exec"]
)
def test_a_program_that_does_not_read_its_input_ends(skiff: Skiff, shell: str, words: tuple[str, ...]) -> None:
    endless = shlex.join(skiff.command(*words, "sh", "-c", "exit 4"))
    result = subprocess.run(
        ["sh", "-c", f"yes | {endless}; echo $?"],
        env=skiff.environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert result.stdout == "4\n"


@pytest.mark.parametrize("way", ["run", "attach", "start"])
def test_signals_are_passed_on(skiff: Skiff, tmp_path: Path, way: str) -> None:
    traps = 'for s in HUP INT USR1 USR2 WINCH TSTP ALRM; do trap "echo $s" $s; done'
    script = f"{traps}; trap 'exit 9' TERM; echo up; while :; do sleep 0.05; done"
    image = ("--network", "none", "--name", "told", "bb", "sh", "-c", script)
    if way != "run":
        skiff.run(*(("run", "-d") if way == "attach" else ("create",)), *image)
    words = {"run": ("run", *image), "attach": ("attach", "told"), "start": ("start", "-a", "told")}[way]
    output = tmp_path / "output"
    with piped(skiff, output, *words) as process:
        if way == "attach":  # the first line was before it
            until(lambda: skiff.run("kill", "-s", "HUP", "told") and output.read_bytes())
        else:
            until(output.read_bytes)
        for name in ("HUP", "INT", "USR1", "USR2", "WINCH", "TSTP", "ALRM"):
            process.send_signal(getattr(signal, f"SIG{name}"))
            until(lambda name=name: f"{name}\n".encode() in output.read_bytes())  # type: ignore[misc]
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 9
    skiff.run("rm", "told")


def test_signals_are_not_passed_on_where_that_is_not_wanted(skiff: Skiff, tmp_path: Path) -> None:
    output = tmp_path / "output"
    script = "trap 'exit 9' INT; echo up; while :; do sleep 0.05; done"
    words = ("--name", "alone", "--network", "none", "bb", "sh", "-c", script)
    with piped(skiff, output, "run", "--sig-proxy=false", *words) as process:
        until(output.read_bytes)
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 130
    with piped(skiff, output, "attach", "--sig-proxy=false", "alone") as process:
        line = f"/proc/{process.pid}/fd"
        until(
            lambda: any(
                os.path.realpath(f"{line}/{name}").rpartition("/")[2][:7] == "socket:" for name in os.listdir(line)
            )
        )
        process.terminate()
        assert process.wait(PATIENCE) == -signal.SIGTERM
    assert state(skiff, "alone") == "running"
    skiff.run("rm", "-f", "alone")
