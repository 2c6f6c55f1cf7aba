"""Binds and volumes whose files have other owners inside: the mount option idmap."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.support.skiff import Skiff

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
PLAIN = ("run", "--rm", "--network", "none")
AUTO = (*PLAIN, "--userns", "auto")
LOOK = "stat -c %u:%g /b/file; touch /b/made; stat -c %u:%g /b/made"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of user and group 1000, with a file."""
    place = tmp_path / "data"
    place.mkdir()
    (place / "file").touch()
    for path in (place, place / "file"):
        os.chown(path, 1000, 1000)
    return place


def owner(path: Path) -> tuple[int, int]:
    return path.stat().st_uid, path.stat().st_gid


@pytest.mark.userns
def test_by_the_containers_own_ids(skiff: Skiff, folder: Path) -> None:
    done = skiff.run(*AUTO, "-v", f"{folder}:/b:idmap", "bb", "sh", "-c", LOOK)
    assert done.stdout.split() == ["1000:1000", "0:0"]
    assert owner(folder / "made") == (0, 0)
    plain = skiff.run(*AUTO, "-v", f"{folder}:/b", "bb", "sh", "-c", LOOK, check=False)
    assert plain.stdout.split()[0] == "65534:65534"


@pytest.mark.parametrize("form", ["-v {0}:/b:idmap={1}", "--mount type=bind,src={0},dst=/b,idmap={1}"])
def test_by_ids_of_the_host(skiff: Skiff, folder: Path, form: str) -> None:
    words = form.format(folder, "uids=1000-0-1;gids=1000-0-1").split()
    done = skiff.run(*PLAIN, *words, "bb", "sh", "-c", f"{LOOK}; chown 1000 /b/made || echo kept")
    assert done.stdout.split() == ["0:0", "0:0", "kept"]
    assert owner(folder / "made") == (1000, 1000)


@pytest.mark.userns
def test_by_ids_of_the_container(skiff: Skiff, folder: Path) -> None:
    text = "idmap=uids=@1000-0-1;gids=@1000-0-1"
    done = skiff.run(*AUTO, "-v", f"{folder}:/b:{text}", "bb", "sh", "-c", LOOK)
    assert done.stdout.split() == ["0:0", "0:0"]
    assert owner(folder / "made") == (1000, 1000)
    beyond = skiff.run(*AUTO, "-v", f"{folder}:/b:idmap=uids=@0-65000-1000", "bb", "true", check=False)
    assert beyond.returncode == 125
    assert "the container has no ids 65000 to 65999 in a row" in beyond.stderr


def test_a_volume(skiff: Skiff) -> None:
    skiff.run(*PLAIN, "-v", "shown:/b", "bb", "sh", "-c", "touch /b/file; chown 5:6 /b/file")
    text = "shown:/b:idmap=uids=5-7-1#0-0-1;gids=6-8-1#0-0-1"
    assert skiff.run(*PLAIN, "-v", text, "bb", "stat", "-c", "%u:%g", "/b/file").stdout == "7:8\n"
    assert skiff.run(*AUTO, "-v", "shown:/b:idmap", "bb", "stat", "-c", "%u:%g", "/b/file").stdout == "5:6\n"
    skiff.run("volume", "rm", "shown")


def test_copies(skiff: Skiff, folder: Path, tmp_path: Path) -> None:
    """What is copied has the owners that the container knows."""
    source = tmp_path / "copied"
    source.touch()
    for name, more, text in (("plain", (), "1000-0-1"), ("own", ("--userns", "auto"), "@1000-0-1")):
        ids = f"idmap=uids={text};gids={text}"
        words = ("--network", "none", *more, "-v", f"{folder}:/b:{ids}", "bb", "sleep", "1000")
        skiff.run("run", "-d", "--name", name, *words)
        skiff.run("cp", str(source), f"{name}:/b/{name}")
        assert owner(folder / name) == (1000, 1000)
        assert skiff.run("inspect", "-f", "{{index .HostConfig.Binds 0}}", name).stdout == f"{folder}:/b:{ids}\n"
        skiff.run("rm", "-f", name)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("-v", "/tmp:/b:idmap"), "add userns_mode auto, or name them"),
        (("-v", "/tmp:/b:idmap=uids=@0-0-1"), "add userns_mode auto, or name them"),
        (("-v", "/tmp:/b:idmap=uids=1"), "use uids=FILE-HOST-COUNT"),
        (("--mount", "type=tmpfs,dst=/b,idmap=uids=0-0-1"), "idmap is for a bind or a volume"),
        (("-v", "/tmp:/b:idmap=uids=0-1-1", "--runtime", "runc"), "a mount with idmap needs Skiff's own runtime"),
    ],
)
def test_what_cannot_be(skiff: Skiff, options: tuple[str, ...], told: str) -> None:
    refused = skiff.run("create", *options, "bb", "true", check=False)
    assert refused.returncode == 1
    assert told in refused.stderr


def test_a_file_system_that_cannot(skiff: Skiff) -> None:
    refused = skiff.run(*PLAIN, "-v", "/proc/sys:/b:idmap=uids=0-1-1", "bb", "true", check=False)
    assert refused.returncode == 125
    assert "the file system of /proc/sys cannot be shown with other owners" in refused.stderr


def test_a_node_in_it_has_no_use(skiff: Skiff, folder: Path) -> None:
    subprocess.run(["mknod", "-m", "666", folder / "zero", "c", "1", "5"], check=True)
    done = skiff.run(*PLAIN, "-v", f"{folder}:/b:idmap=uids=0-0-9", "bb", "head", "-c", "1", "/b/zero", check=False)
    assert "Permission denied" in done.stderr
