"""Mounts that others hold, removals that are killed, folders that are swapped: what is the host's stays whole."""

from __future__ import annotations

import os
import signal
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.kills import Kills
from tests.support.skiff import Skiff

SLEEP = ("busybox", "sleep", "1000")
ALONE = ("--network", "none")


@pytest.fixture
def precious(tmp_path: Path) -> Iterator[Path]:
    """A folder of the host with a file, which must be there at the end."""
    folder = tmp_path / "precious"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "file").write_text("keep me")
    yield folder
    assert (folder / "deep" / "file").read_text() == "keep me"
    assert str(folder) not in Path("/proc/self/mountinfo").read_text()


def bound(skiff: Skiff, name: str, folder: Path) -> None:
    """Make a volume that is a folder of the host."""
    options = ("type=none", "o=bind", f"device={folder}")
    skiff.run("volume", "create", *(word for option in options for word in ("-o", option)), name)


@contextmanager
def holder(*command: str) -> Iterator[None]:
    """Have a process in a mount namespace of its own, or of somebody else's, for a block."""
    with subprocess.Popen([*command, "sh", "-c", "echo ready; exec sleep 1000"], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        try:
            yield
        finally:
            process.kill()


def test_mounts_that_another_namespace_holds_do_not_stop_a_removal(skiff: Skiff, precious: Path) -> None:
    bound(skiff, "host", precious)
    mounts = ("-v", "host:/v", "-v", "data:/d", "-v", f"{precious}:/b", "--tmpfs", "/t")
    skiff.run("run", "-d", "--name", "web", *ALONE, *mounts, *SLEEP)
    pid = skiff.run("inspect", "--format", "{{.State.Pid}}", "web").stdout.strip()
    with holder("nsenter", f"--mount=/proc/{pid}/ns/mnt"), holder("unshare", "--mount", "--propagation", "private"):
        skiff.run("rm", "-f", "-v", "web")
        skiff.run("volume", "rm", "host", "data")
        assert skiff.states() == {}
        assert os.listdir(f"{skiff.root}/containers") == []
        assert os.listdir(f"{skiff.root}/volumes") == []


def test_a_removal_that_is_killed_leaves_sources_whole(skiff: Skiff, precious: Path) -> None:
    def make() -> None:
        skiff.run("run", "-d", "--name", "web", *ALONE, "-v", "host:/v", "-v", f"{precious}:/b", "-v", "/own", *SLEEP)

    bound(skiff, "host", precious)
    make()
    kills = Kills(skiff, 8, "rm", "-f", "-v", "web")
    for point in kills.points:
        make()
        kills.strike(point, "rm", "-f", "-v", "web")
        skiff.run("rm", "-f", "-v", "web", check=False)
        assert skiff.states() == {}
        assert (precious / "deep" / "file").exists()
    skiff.run("volume", "rm", "host")


def test_a_volume_whose_removal_is_killed_around_its_unmount(skiff: Skiff, precious: Path) -> None:
    bound(skiff, "host", precious)
    kills = Kills(skiff, 4, "volume", "rm", "host")
    for point in (("umount2", 1), ("unlinkat", 1), ("unlinkat", 3), ("fdatasync", 1), ("fdatasync", 2)):
        bound(skiff, "host", precious)
        skiff.run("run", "--rm", *ALONE, "-v", "host:/v", "busybox", "true")
        assert kills.strike(point, "volume", "rm", "host"), point
        skiff.run("volume", "rm", "host", check=False)
        assert skiff.run("volume", "ls", "-q").stdout == ""
        assert (precious / "deep" / "file").exists()
        skiff.run("volume", "create", "host")  # finishes what was killed
        skiff.run("volume", "rm", "host")
    assert os.listdir(f"{skiff.root}/volumes") == []


def test_a_start_and_an_end_that_are_killed_around_the_mount(skiff: Skiff, precious: Path) -> None:
    """Whatever a killed process has left mounted, the next call that makes a container unmounts."""
    bound(skiff, "host", precious)
    start = ("run", "-d", "--name", "web", *ALONE, "-v", "host:/v", *SLEEP)
    kills = Kills(skiff, 4, *start)
    for command, point in (
        (("rm", "-f", "web"), ("umount2", 1)),
        (start, ("move_mount", 1)),
        (start, ("sendmsg", 1)),
    ):
        assert kills.strike(point, *command), point
        skiff.run("run", "--rm", *ALONE, "-v", "host:/v", "busybox", "cat", "/v/deep/file")
        skiff.run("rm", "-f", "web", check=False)
        skiff.run("run", "--rm", *ALONE, "busybox", "true")
        assert str(precious) not in Path("/proc/self/mountinfo").read_text(), point
    skiff.run("volume", "rm", "host")


def test_what_somebody_has_mounted_into_a_containers_files(skiff: Skiff, precious: Path) -> None:
    made = skiff.run("create", "--name", "web", *ALONE, *SLEEP).stdout.strip()
    place = Path(skiff.layout.container(made)) / "upper" / "place"
    place.mkdir()
    subprocess.run(["mount", "--bind", precious, place], check=True)
    refused = skiff.run("rm", "-f", "web", check=False)
    assert "something is mounted there: unmount it first" in refused.stderr
    assert (precious / "deep" / "file").exists()
    subprocess.run(["umount", place], check=True)
    skiff.run("rm", "-f", "web", check=False)
    assert skiff.states() == {}
    assert os.listdir(f"{skiff.root}/containers") == []


@contextmanager
def swapping(folder: Path, victim: Path) -> Iterator[None]:
    """Replace the folder `a` in `folder` by a link to `victim` and back, all the time."""
    attacker = os.fork()
    if attacker == 0:
        try:
            while True:
                os.rename(folder / "a", folder / "b")
                os.symlink(victim, folder / "a")
                os.unlink(folder / "a")
                os.rename(folder / "b", folder / "a")
        finally:
            os._exit(0)
    try:
        yield
        assert os.waitpid(attacker, os.WNOHANG) == (0, 0), "it has ended before"
    finally:
        os.kill(attacker, signal.SIGKILL)
        os.waitpid(attacker, 0)


@pytest.fixture
def volume(skiff: Skiff) -> Iterator[Path]:
    """The content of a volume `data` that has a folder `a`."""
    skiff.run("volume", "create", "data")
    content = Path(skiff.layout.volume("data")) / "_data"
    (content / "a").mkdir()
    (content / "a" / "file").write_text("own")
    yield content
    skiff.run("volume", "rm", "data")


def test_a_part_of_a_volume_that_is_swapped_all_the_time(skiff: Skiff, volume: Path, precious: Path) -> None:
    """CVE-2021-25741: the part is resolved inside the volume at each moment, whoever shares it."""
    part = "type=volume,source=data,target=/m,volume-subpath=a"
    read = ("run", "--rm", *ALONE, "--mount", part, "busybox", "sh", "-c", "cat /m/deep/file /m/file; touch /m/written")
    said: list[str] = []
    with swapping(volume, precious):
        while len(said) < 12 or ("own" not in said and len(said) < 400):  # few find the folder at each of their steps
            said.append(skiff.run(*read, check=False).stdout)
    assert "own" in said
    assert not any("keep me" in text for text in said)
    assert os.listdir(precious) == ["deep"]


def test_a_backup_of_folders_that_are_swapped_meanwhile(
    skiff: Skiff, volume: Path, precious: Path, tmp_path: Path
) -> None:
    """CVE-2023-0778 of podman's volume export: no link is followed, whatever was there a moment before."""
    with swapping(volume, precious):
        for number in range(12):
            archive = tmp_path / f"{number}.tar"
            skiff.run("volume", "export", "-o", str(archive), "data")
            with tarfile.open(archive) as found:
                assert not [name for name in found.getnames() if "deep" in name]
        skiff.run("volume", "export", "--digest", "data")
