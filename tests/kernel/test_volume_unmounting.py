"""Volumes with driver options are mounted while somebody uses them: ends that nobody sees, races, and other users."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.skiff import Skiff
from tests.support.waiting import until

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
VOLUME = ("--network=none", "-v", "data:/d")
PATIENCE = 120  # seconds


@pytest.fixture
def source(skiff: Skiff, tmp_path: Path) -> Iterator[Path]:
    """A folder of the host with the file `here`, which is the volume `data`."""
    folder = tmp_path / "a source"
    folder.mkdir()
    (folder / "here").write_text("content")
    skiff.run("volume", "create", "-o", "type=none", "-o", "o=bind", "-o", f"device={folder}", "data")
    yield folder
    containers = skiff.run("ps", "-aq").stdout.split()
    if containers:
        skiff.run("rm", "-f", *containers)
    skiff.run("volume", "rm", "data")
    assert (folder / "here").read_text() == "content"


def mounted(skiff: Skiff) -> int:
    return Path("/proc/self/mountinfo").read_text().count(f"{skiff.root}/volumes/data/_data ")


def orphan(skiff: Skiff, name: str) -> int:
    """Kill the monitor of a container, and return the pid of what still runs in it."""
    pid = int(skiff.run("inspect", "--format", "{{.State.Pid}}", name).stdout)
    identity = skiff.run("inspect", "--format", "{{.Id}}", name).stdout.strip()
    state = json.loads(Path(skiff.layout.bundle(identity), "state.json").read_text())
    os.kill(state["monitor_pid"], signal.SIGKILL)
    return pid


@pytest.mark.usefixtures("source")
def test_nobody_sees_the_end(skiff: Skiff) -> None:
    """The monitor was killed: the mount stays while the container runs, and the next creation unmounts it."""
    skiff.run("run", "-d", "--name", "web", *VOLUME, "bb", "sleep", "1000")
    pid = orphan(skiff, "web")
    skiff.run("create", "--name", "other", "bb", "true")
    assert mounted(skiff) == 1
    os.kill(pid, signal.SIGKILL)
    until(lambda: skiff.states()["web"] == "exited", PATIENCE)
    assert mounted(skiff) == 1
    skiff.run("create", "--name", "another", "bb", "true")
    assert mounted(skiff) == 0


@pytest.mark.usefixtures("source")
def test_starts_and_ends_at_the_same_time(skiff: Skiff) -> None:
    """No container ever sees the folder below the mount, and the last one takes the mount with it."""
    look = "i=0; while [ $i -lt 20 ]; do [ -e /d/here ] || exit 9; i=$((i + 1)); done"
    command = skiff.command("run", "--rm", *VOLUME, "bb", "sh", "-c", look)

    def loop() -> subprocess.Popen[bytes]:
        script = 'i=0; while [ $i -lt 6 ]; do "$@" || exit 1; i=$((i + 1)); done'
        return subprocess.Popen(["sh", "-c", script, "sh", *command], env=skiff.environment, stderr=subprocess.PIPE)

    loops = [loop() for _ in range(4)]
    ends = [one.communicate(timeout=PATIENCE * 4)[1] for one in loops]
    assert [one.returncode for one in loops] == [0] * 4, ends
    until(lambda: mounted(skiff) == 0, PATIENCE)


def test_other_users(skiff: Skiff, source: Path, tmp_path: Path) -> None:
    skiff.run("create", "--name", "web", *VOLUME, "bb", "cat", "/d/here")
    skiff.run("cp", "web:/d/here", str(tmp_path / "copy"))
    skiff.run("volume", "export", "-o", str(tmp_path / "archive"), "data")
    skiff.run("volume", "export", "--digest", "data")
    assert (tmp_path / "copy").read_text() == "content"
    (source / "here").write_text("other")
    skiff.run("volume", "import", "data", str(tmp_path / "archive"))
    assert (source / "here").read_text() == "content"
    assert mounted(skiff) == 0


def test_read_while_it_is_to_be_removed(skiff: Skiff, source: Path) -> None:
    """Who reads it keeps it mounted, also past the end of a container, and unmounts it in the end."""
    (source / "large").write_bytes(bytes(range(256)) * 4096)  # more than a pipe holds
    command = skiff.command("volume", "export", "data")
    with subprocess.Popen(command, env=skiff.environment, stdout=subprocess.PIPE) as reader:
        until(lambda: mounted(skiff) == 1, PATIENCE)
        skiff.run("run", "--rm", *VOLUME, "bb", "true")
        refused = skiff.run("volume", "rm", "data", check=False)
        assert mounted(skiff) == 1
        reader.communicate()
    assert (refused.returncode, reader.returncode) == (1, 0)
    assert "volume data is being read or filled" in refused.stderr
    assert mounted(skiff) == 0


def test_memory_is_not_filled_for_nobody(skiff: Skiff, tmp_path: Path) -> None:
    skiff.run("volume", "create", "-o", "type=tmpfs", "-o", "device=tmpfs", "memory")
    subprocess.run(["tar", "-cf", tmp_path / "archive", "-C", tmp_path, "."], check=True)
    refused = skiff.run("volume", "import", "memory", str(tmp_path / "archive"), check=False)
    assert "volume memory is memory that keeps nothing" in refused.stderr
    skiff.run("volume", "rm", "memory")
