"""Logs: nothing is lost or doubled, nothing grows without end, and no receiver stops an application."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.receiver import Receiver
from tests.support.skiff import Skiff

MANY = "i=0; while [ $i -lt 3000 ]; do i=$((i+1)); echo line $i; done"
NUMBERED = [f"line {number}" for number in range(1, 3001)]


def files(skiff: Skiff, name: str) -> list[Path]:
    """Return the files of a container's log."""
    wanted = skiff.run("inspect", "-f", "{{.Id}}", name).stdout.strip()
    return sorted(Path(skiff.layout.container(wanted)).glob("container.log*"))


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Receiver]:
    with Receiver("unixgram", tmp_path) as made:
        yield made


def syslog(address: str, *options: str) -> tuple[str, ...]:
    words = [word for option in options for word in ("--log-opt", option)]
    return ("--log-driver", "syslog", "--log-opt", f"syslog-address={address}", *words)


@pytest.mark.parametrize("compress", ["false", "true"])
def test_a_follower_loses_and_doubles_nothing_across_rotations(skiff: Skiff, compress: str) -> None:
    options = ("max-size=20k", "max-file=100", f"compress={compress}")
    words = [word for option in options for word in ("--log-opt", option)]
    skiff.run("create", "--name", "chatter", *words, "busybox", "sh", "-c", MANY)
    skiff.run("start", "chatter")
    assert skiff.run("logs", "-f", "chatter").stdout.splitlines() == NUMBERED
    assert skiff.run("logs", "chatter").stdout.splitlines() == NUMBERED
    assert len(files(skiff, "chatter")) > 5


def test_a_flood_stays_within_the_default_limits(skiff: Skiff) -> None:
    skiff.run("run", "--name", "flood", "-d", "busybox", "sh", "-c", "yes 'a line of some length' | head -c 60000000")
    assert skiff.run("wait", "flood").stdout == "0\n"
    sizes = [path.stat().st_size for path in files(skiff, "flood")]
    assert len(sizes) == 3
    assert max(sizes) <= 11 << 20


def test_bytes_come_back_as_they_were(skiff: Skiff) -> None:
    script = "head -c 3000 /dev/urandom | tee /v/random; head -c 1000000 /dev/zero | tr '\\0' x; echo; printf 'no end'"
    skiff.run("run", "--name", "odd", "-v", "/v", "busybox", "sh", "-c", script, text=False)
    mount = json.loads(skiff.run("inspect", "odd").stdout)[0]["Mounts"][0]["Source"]
    shown = skiff.run("logs", "odd", text=False).stdout
    assert shown == Path(mount, "random").read_bytes() + b"x" * 1_000_000 + b"\nno end"  # type: ignore[comparison-overlap]


def test_a_log_that_is_deleted_is_begun_anew(skiff: Skiff) -> None:
    script = "echo before; while [ ! -e /v/go ]; do sleep 0.02; done; yes after | head -n 3000; echo end"
    options = ("--log-opt", "max-size=4k")
    skiff.run("run", "-d", "--name", "web", "-v", "/v", *options, "busybox", "sh", "-c", script)
    files(skiff, "web")[0].unlink()
    mount = json.loads(skiff.run("inspect", "web").stdout)[0]["Mounts"][0]["Source"]
    Path(mount, "go").touch()
    assert skiff.run("wait", "web").stdout == "0\n"
    assert skiff.run("logs", "-n", "1", "web").stdout == "end\n"


def test_log_options_change_while_it_runs(skiff: Skiff, receiver: Receiver) -> None:
    script = "echo one; while [ ! -e /v/go ]; do sleep 0.02; done; echo two"
    options = syslog(receiver.address, "tag=first")
    skiff.run("run", "-d", "--name", "web", "-v", "/v", *options, "busybox", "sh", "-c", script)
    receiver.wait(b"one")
    changed = {"syslog-address": receiver.address, "tag": "second"}
    skiff.run("ps", before=_update("web", {"log_options": changed}))
    mount = json.loads(skiff.run("inspect", "web").stdout)[0]["Mounts"][0]["Source"]
    Path(mount, "go").touch()
    first, second = receiver.wait(b"two")
    assert b" first[" in first
    assert b" second[" in second
    assert skiff.run("logs", "web").stdout == "one\ntwo\n"


def _update(name: str, changes: dict[str, object]) -> str:
    """Return code that updates a container as the module does."""
    return (
        "from runtime_lib.cli import opened; from runtime_lib.containers.update import update;"
        f"update(opened.store(), {name!r}, {changes!r})"
    )


@pytest.mark.parametrize("mode", ["blocking", "non-blocking"])
def test_a_receiver_that_hangs_stops_nobody(skiff: Skiff, tmp_path: Path, mode: str) -> None:
    import socket

    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
        server.bind(str(tmp_path / "socket"))
        options = syslog(f"unixgram://{tmp_path}/socket", f"mode={mode}")
        done = skiff.run("run", "--name", "web", *options, "busybox", "sh", "-c", MANY, timeout=120)
    assert done.stdout.splitlines() == NUMBERED
    assert skiff.run("logs", "web").stdout.splitlines() == NUMBERED  # the copy on this host has everything
    dropped = skiff.run("inspect", "--format", "{{.State.LogDropped}}", "web").stdout
    assert 0 < int(dropped) <= len(NUMBERED)


def test_a_receiver_that_is_missing_is_told_before_the_start(skiff: Skiff, tmp_path: Path) -> None:
    done = skiff.run("run", "--name", "web", *syslog(f"unix://{tmp_path}/none"), "busybox", "true", check=False)
    assert done.returncode == 125
    assert f"there is no socket {tmp_path}/none" in done.stderr
    assert skiff.states() == {"web": "created"}


def test_the_journal_gets_dockers_fields(skiff: Skiff, receiver: Receiver, tmp_path: Path) -> None:
    """The journal's socket has a fixed path: a mount namespace has ours there."""
    place = 'mount -t tmpfs run /run && mkdir -p /run/systemd/journal && mount --bind "$0" /run/systemd/journal'
    inside = ["unshare", "--mount", "sh", "-c", f'{place} && exec "$@"', str(tmp_path)]
    options = ("--log-driver", "journald", "--log-opt", "tag={{.Name}}", "--log-opt", "labels=my.team")
    script = "echo out; echo err >&2"
    words = skiff.command("run", "--rm", "--name", "web", *options, "-l", "my.team=a", "busybox", "sh", "-c", script)
    done = subprocess.run([*inside, *words], env=skiff.environment, capture_output=True, timeout=120)
    assert (done.stdout, done.stderr) == (b"out\n", b"err\n")
    lines = [message.decode().splitlines() for message in receiver.wait(b"out", b"err")]
    messages = [dict(line.split("=", 1) for line in each) for each in lines]
    assert {(each["MESSAGE"], each["PRIORITY"]) for each in messages} == {("out", "6"), ("err", "3")}
    for each in messages:
        assert each["CONTAINER_ID"] == each["CONTAINER_ID_FULL"][:12]
        assert (each["CONTAINER_NAME"], each["CONTAINER_TAG"], each["SYSLOG_IDENTIFIER"]) == ("web", "web", "web")
        assert (each["IMAGE_NAME"], each["MY_TEAM"]) == ("busybox", "a")


def test_a_host_without_journal_is_told(skiff: Skiff) -> None:
    if os.path.exists("/run/systemd/journal/socket"):
        pytest.skip("this host has a journal")
    done = skiff.run("run", "--rm", "--log-driver", "journald", "busybox", "true", check=False)
    assert done.returncode == 125
    assert "needs systemd-journald" in done.stderr
