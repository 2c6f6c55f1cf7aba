"""Volumes with driver options are mounted while somebody uses them: ends that nobody sees, races, and other users."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support import rootfs
from tests.support.alone import alone
from tests.support.skiff import Skiff

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
VOLUME = ("--network=none", "-v", "data:/d")
PATIENCE = 120  # seconds


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Skiff]:
    folder = tmp_path_factory.mktemp("unmounting")
    with alone(folder, rootfs.tar(folder / "rootfs", folder / "rootfs.tar")) as found:
        yield found


@pytest.fixture
def source(host: Skiff, tmp_path: Path) -> Iterator[Path]:
    """A folder of the host with the file `here`, which is the volume `data`."""
    folder = tmp_path / "a source"
    folder.mkdir()
    (folder / "here").write_text("content")
    host.run("volume", "create", "-o", "type=none", "-o", "o=bind", "-o", f"device={folder}", "data")
    yield folder
    containers = host.run("ps", "-aq").stdout.split()
    if containers:
        host.run("rm", "-f", *containers)
    host.run("volume", "rm", "data")
    assert (folder / "here").read_text() == "content"


def mounted(host: Skiff) -> int:
    return Path("/proc/self/mountinfo").read_text().count(f"{host.root}/volumes/data/_data ")


def awaited(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


def orphan(host: Skiff, name: str) -> int:
    """Kill the monitor of a container, and return the pid of what still runs in it."""
    pid = int(host.run("inspect", "--format", "{{.State.Pid}}", name).stdout)
    identity = host.run("inspect", "--format", "{{.Id}}", name).stdout.strip()
    state = json.loads(Path(host.layout.bundle(identity), "state.json").read_text())
    os.kill(state["monitor_pid"], signal.SIGKILL)
    return pid


@pytest.mark.usefixtures("source")
def test_nobody_sees_the_end(host: Skiff) -> None:
    """The monitor was killed: the mount stays while the container runs, and the next creation unmounts it."""
    host.run("run", "-d", "--name", "web", *VOLUME, "bb", "sleep", "1000")
    pid = orphan(host, "web")
    host.run("create", "--name", "other", "bb", "true")
    assert mounted(host) == 1
    os.kill(pid, signal.SIGKILL)
    assert awaited(lambda: host.states()["web"] == "exited")
    assert mounted(host) == 1
    host.run("create", "--name", "another", "bb", "true")
    assert mounted(host) == 0


@pytest.mark.usefixtures("source")
def test_starts_and_ends_at_the_same_time(host: Skiff) -> None:
    """No container ever sees the folder below the mount, and the last one takes the mount with it."""
    look = "i=0; while [ $i -lt 20 ]; do [ -e /d/here ] || exit 9; i=$((i + 1)); done"
    command = host.command("run", "--rm", *VOLUME, "bb", "sh", "-c", look)

    def loop() -> subprocess.Popen[bytes]:
        script = 'i=0; while [ $i -lt 6 ]; do "$@" || exit 1; i=$((i + 1)); done'
        return subprocess.Popen(["sh", "-c", script, "sh", *command], env=host.environment, stderr=subprocess.PIPE)

    loops = [loop() for _ in range(4)]
    ends = [one.communicate(timeout=PATIENCE * 4)[1] for one in loops]
    assert [one.returncode for one in loops] == [0] * 4, ends
    assert awaited(lambda: mounted(host) == 0)


def test_other_users(host: Skiff, source: Path, tmp_path: Path) -> None:
    host.run("create", "--name", "web", *VOLUME, "bb", "cat", "/d/here")
    host.run("cp", "web:/d/here", str(tmp_path / "copy"))
    host.run("volume", "export", "-o", str(tmp_path / "archive"), "data")
    host.run("volume", "export", "--digest", "data")
    assert (tmp_path / "copy").read_text() == "content"
    (source / "here").write_text("other")
    host.run("volume", "import", "data", str(tmp_path / "archive"))
    assert (source / "here").read_text() == "content"
    assert mounted(host) == 0


def test_read_while_it_is_to_be_removed(host: Skiff, source: Path) -> None:
    """Who reads it keeps it mounted, also past the end of a container, and unmounts it in the end."""
    (source / "large").write_bytes(bytes(range(256)) * 4096)  # more than a pipe holds
    command = host.command("volume", "export", "data")
    with subprocess.Popen(command, env=host.environment, stdout=subprocess.PIPE) as reader:
        assert awaited(lambda: mounted(host) == 1)
        host.run("run", "--rm", *VOLUME, "bb", "true")
        refused = host.run("volume", "rm", "data", check=False)
        assert mounted(host) == 1
        reader.communicate()
    assert (refused.returncode, reader.returncode) == (1, 0)
    assert "volume data is being read or filled" in refused.stderr
    assert mounted(host) == 0


def test_memory_is_not_filled_for_nobody(host: Skiff, tmp_path: Path) -> None:
    host.run("volume", "create", "-o", "type=tmpfs", "-o", "device=tmpfs", "memory")
    subprocess.run(["tar", "-cf", tmp_path / "archive", "-C", tmp_path, "."], check=True)
    refused = host.run("volume", "import", "memory", str(tmp_path / "archive"), check=False)
    assert "volume memory is memory that keeps nothing" in refused.stderr
    host.run("volume", "rm", "memory")
