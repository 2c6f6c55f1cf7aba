"""`skiff cp` with containers in every state, with archives, and with containers and archives that mean harm."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.archives import member, tar
from tests.support.skiff import Skiff

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


@pytest.fixture
def box(skiff: Skiff) -> Iterator[str]:
    """A container that was never started, with the volume `data` at /data."""
    yield skiff.run("create", "--network", "none", "-v", "data:/data", "bb", "sleep", "1000").stdout.strip()
    skiff.run("rm", "-f", *skiff.run("ps", "-aq").stdout.split())
    skiff.run("volume", "rm", "data")


def content(skiff: Skiff, box: str, path: str) -> bytes:
    """Return a file of a container, by way of an archive on standard output."""
    data: Any = skiff.run("cp", f"{box}:{path}", "-", text=False).stdout
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        stream = archive.extractfile(archive.getmembers()[0])
        assert stream
        return stream.read()


def test_files_go_into_and_out_of_a_container_in_every_state(skiff: Skiff, box: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("created")
    skiff.run("cp", f"{tmp_path}/file", f"{box}:/data/here")
    skiff.run("cp", f"{tmp_path}/file", f"{box}:/etc/here")
    skiff.run("start", box)
    look = ("exec", box, "cat", "/data/here", "/etc/here")
    assert skiff.run(*look).stdout == "createdcreated"
    for state in ("pause", "unpause", "stop"):
        skiff.run(state, *(("-t", "0") if state == "stop" else ()), box)
        (tmp_path / "file").write_text(state)
        skiff.run("cp", f"{tmp_path}/file", f"{box}:/data/here")
        skiff.run("cp", f"{tmp_path}/file", f"{box}:/etc/here")
        assert content(skiff, box, "/data/here") == content(skiff, box, "/etc/here") == state.encode()
    assert skiff.run("inspect", "-f", "{{.State.Status}}", box).stdout == "exited\n"
    with open("/proc/self/mountinfo", encoding="utf-8") as file:
        assert skiff.root not in file.read()


def test_a_tree_with_everything_survives_both_directions(skiff: Skiff, box: str, tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "deep" / "er").mkdir(parents=True)
    (source / "deep" / "capable").write_bytes(b"program")
    os.setxattr(source / "deep" / "capable", "user.mark", b"1")
    os.symlink("../..", source / "deep" / "out")
    os.link(source / "deep" / "capable", source / "linked")
    os.mknod(source / "null", 0o020666, os.makedev(1, 3))
    with open(source / "sparse", "wb") as file:
        file.truncate(1 << 33)
        file.seek(1 << 32)
        file.write(b"far")
    skiff.run("cp", f"{source}", f"{box}:/srv")
    skiff.run("cp", f"{box}:/srv", f"{tmp_path}/back")
    listed = [
        subprocess.run(
            ["sh", "-c", "find . | sort | xargs stat -c '%n %f %s %h %t'"], cwd=place, capture_output=True
        ).stdout
        for place in (source, tmp_path / "back")
    ]
    assert listed[0] == listed[1]
    assert os.getxattr(tmp_path / "back" / "deep" / "capable", "user.mark") == b"1"
    assert (tmp_path / "back" / "sparse").stat().st_blocks < 10_000


@pytest.mark.parametrize("compress", ["", "z", "J"])
def test_an_archive_on_standard_input_is_unpacked(skiff: Skiff, box: str, tmp_path: Path, compress: str) -> None:
    (tmp_path / "a").write_text("content")
    data = subprocess.run(["tar", f"-c{compress}", "a"], cwd=tmp_path, check=True, capture_output=True).stdout
    skiff.run("cp", "-", f"{box}:/tmp", input=data, text=False, stdin=None)
    assert content(skiff, box, "/tmp/a") == b"content"
    assert skiff.run("cp", "-", f"{box}:/tmp/a", input=data, text=False, stdin=None, check=False).returncode == 1


def test_an_archive_that_means_harm_stays_in_the_container(skiff: Skiff, box: str, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.mkdir()
    (victim / "passwd").write_text("safe")
    harm = tar(
        member("door", kind=tarfile.SYMTYPE, linkname=str(victim)),
        member("door/passwd", b"broken"),
        member("up", kind=tarfile.SYMTYPE, linkname="../../../../../../.." + str(victim)),
        member("up/passwd", b"broken"),
        member("hard", kind=tarfile.LNKTYPE, linkname="door/passwd"),
    )
    skiff.run("cp", "-", f"{box}:/tmp", input=harm, text=False, stdin=None, check=False)
    above = tar(member("../../../../../../.." + str(victim / "passwd"), b"broken"))
    refused = skiff.run("cp", "-", f"{box}:/tmp", input=above, text=False, stdin=None, check=False)
    assert refused.returncode == 1
    assert (victim / "passwd").read_text() == "safe"
    assert os.listdir(victim) == ["passwd"]
    assert os.stat(victim / "passwd").st_nlink == 1


SWAP = "cd /w; while :; do rm -rf x; mkdir x; echo own >x/passwd; rm -rf x; ln -s {victim} x; rm x; ln -s / x; done"


def test_a_container_that_swaps_links_meanwhile_reaches_nothing_of_the_host(
    skiff: Skiff, box: str, tmp_path: Path
) -> None:
    """CVE-2018-15664: whatever the path is at each moment, it is resolved in the container's tree."""
    victim, out = tmp_path / "victim", tmp_path / "out"
    victim.mkdir()
    (victim / "passwd").write_text("the host's")
    (tmp_path / "passwd").write_text("copied")
    script = f"mkdir /w; {SWAP.format(victim=victim)}"
    swapper = skiff.run("run", "-d", "--network", "none", "bb", "sh", "-c", script).stdout.strip()
    for number in range(12):
        skiff.run("cp", f"{tmp_path}/passwd", f"{swapper}:/w/x/passwd", check=False)
        skiff.run("cp", f"{tmp_path}/passwd", f"{swapper}:{victim}/passwd", check=False)
        skiff.run("cp", f"{swapper}:/w/x/passwd", f"{out}{number}", check=False)
        skiff.run("cp", f"{swapper}:/w", f"{out}-{number}", check=False)
    assert (victim / "passwd").read_text() == "the host's"
    assert os.listdir(victim) == ["passwd"]
    found = [path for path in tmp_path.rglob("passwd") if path.is_file() and "out" in str(path)]
    assert all(path.read_text() != "the host's" for path in [*found, *tmp_path.glob("out?")] if path.is_file())


def test_what_is_mounted_read_only_is_refused(skiff: Skiff, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("new")
    bind = tmp_path / "bind"
    bind.mkdir()
    options = ("--network", "none", "--read-only", "-v", f"{bind}:/ro:ro", "-v", f"{bind}:/rw")
    box = skiff.run("create", *options, "bb", "true").stdout.strip()
    for path in ("/ro/file", "/tmp/file"):
        refused = skiff.run("cp", f"{tmp_path}/file", f"{box}:{path}", check=False)
        assert (refused.returncode, "read-only" in refused.stderr) == (1, True)
    skiff.run("cp", f"{tmp_path}/file", f"{box}:/rw/file")
    assert (bind / "file").read_text() == "new"
    skiff.run("rm", box)


def test_a_shell_completes_paths_in_a_container(skiff: Skiff, box: str) -> None:
    def possible(word: str) -> list[str]:
        return skiff.run("completion", "candidates", f"skiff cp {word}").stdout.splitlines()

    skiff.run("start", box)
    skiff.run("rename", box, "box")
    skiff.run("exec", "box", "sh", "-c", "mkdir -p /more/deep && cd /more && touch plain '$(reboot)' 'two words' 'a;b'")
    for _state in ("running", "exited"):
        assert possible("box:/mo") == ["box:/more/"]
        assert possible("box:mor") == ["box:more/"]
        assert possible("box:/more/") == ["box:/more/deep/", "box:/more/plain"]
        assert possible("box:/more/plain/") == possible("box:/nowhere/") == []
        skiff.run("stop", "-t", "0", "box")


def test_parts_of_volumes_and_trees_of_images_are_seen(skiff: Skiff, box: str, tmp_path: Path) -> None:
    (tmp_path / "part").mkdir()
    (tmp_path / "part" / "file").write_text("part")
    skiff.run("cp", f"{tmp_path}/part", f"{box}:/data/part")
    part = ("--mount", "type=volume,source=data,target=/p,volume-subpath=part")
    image = (
        "--mount",
        "type=image,source=bb,target=/image",
        "--mount",
        "type=image,source=bb,target=/e,image-subpath=etc",
    )
    other = skiff.run("create", "--network", "none", *part, *image, "bb", "sleep", "1000").stdout.strip()
    for _state in ("created", "running"):
        assert content(skiff, other, "/p/file") == b"part"
        assert content(skiff, other, "/image/etc/group") == content(skiff, other, "/e/group") != b""
        skiff.run("start", other)


MOVE = "cd /w; while :; do mv x y; ln -s {victim} x; rm x; mv y x; done"


def test_a_container_that_swaps_the_way_to_its_volume_reaches_nothing_of_the_host(
    skiff: Skiff, box: str, tmp_path: Path
) -> None:
    """CVE-2026-42306: what a copy meets at each moment is the volume, or what the container has there."""
    victim, out = tmp_path / "victim", tmp_path / "out"
    (victim / "v").mkdir(parents=True)
    (victim / "v/passwd").write_text("the host's")
    (tmp_path / "passwd").write_text("copied")
    script = f"echo own >/w/x/v/passwd; {MOVE.format(victim=victim)}"
    words = ("run", "-d", "--network", "none", "-v", "swapped:/w/x/v", "bb", "sh", "-c", script)
    swapper = skiff.run(*words).stdout.strip()
    for number in range(12):
        skiff.run("cp", f"{tmp_path}/passwd", f"{swapper}:/w/x/v/passwd", check=False)
        skiff.run("cp", f"{swapper}:/w/x/v/passwd", f"{out}{number}", check=False)
        skiff.run("cp", f"{swapper}:/w/x", f"{out}-{number}", check=False)
    assert (victim / "v/passwd").read_text() == "the host's"
    assert os.listdir(victim) == ["v"]
    assert os.listdir(victim / "v") == ["passwd"]
    skiff.run("rm", "-f", swapper)
    skiff.run("volume", "rm", "swapped")
    # Nor does the search follow the links that were copied.
    copied = [Path(folder, name) for folder, _folders, names in os.walk(tmp_path) for name in names]
    found = [path for path in copied if path.parent != victim / "v" and path.is_file() and not path.is_symlink()]
    assert len(found) > 1
    assert all(path.read_text() != "the host's" for path in found)
