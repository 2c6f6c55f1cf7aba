"""Backup and restore of volumes: everything comes back, all at once or not at all, also while containers write."""

from __future__ import annotations

import gzip
import io
import os
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime_lib.containers import volume_backup
from runtime_lib.containers.volume_restore import staged
from runtime_lib.errors import CorruptData, InUse, VolumeNotFound
from runtime_lib.store import Store
from runtime_lib.volumes import catalog
from runtime_lib.volumes.spec import VolumeSpec
from tests.support.archives import member, tar
from tests.support.skiff import Skiff
from tests.support.trees import described, rich_tree

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
# Two files that always hold the same number, or the first one the next: each is replaced in one step.
COUNT = """\
n=0
while :; do
  n=$((n+1))
  for name in a b; do echo $n >/data/.$name; mv /data/.$name /data/$name; done
done"""


@pytest.fixture
def store(skiff: Skiff) -> Iterator[Store]:
    opened = Store(skiff.layout)
    yield opened
    opened.close()


@pytest.fixture
def data(skiff: Skiff, store: Store) -> Iterator[Path]:
    """The folder of a volume `data` with everything that a tree can hold."""
    volume = catalog.create(store, VolumeSpec("data"))
    os.rmdir(volume.folder)
    rich_tree(Path(volume.folder))
    (Path(volume.folder) / ".wh.plain").write_text("no whiteout here")
    yield Path(volume.folder)
    skiff.run("ps", "-aq")
    skiff.remove_everything()
    skiff.run("volume", "prune", "-a", "-f")
    assert skiff.run("volume", "ls", "-q").stdout == ""


def restore(store: Store, archive: Path | bytes, name: str = "data") -> bool:
    """Return whether the volume held it already."""
    file = io.BytesIO(archive) if isinstance(archive, bytes) else archive.open("rb")
    with file, staged(store, name, lambda: file.read(1000)) as stage:
        if not stage.right:
            stage.put()
        return stage.right


@pytest.mark.parametrize("kind", ["none", "gzip", "zstd"])
def test_everything_comes_back(skiff: Skiff, store: Store, data: Path, tmp_path: Path, kind: str) -> None:
    before = described(data)
    archive = tmp_path / "data.tar"
    skiff.run("volume", "export", "--compression", kind, "-o", str(archive), "data")
    assert volume_backup.same(store, "data", str(archive))
    assert restore(store, archive)
    skiff.run("volume", "rm", "data")
    skiff.run("volume", "create", "data")
    assert not volume_backup.same(store, "data", str(archive))
    skiff.run("volume", "import", "data", str(archive))
    assert described(data) == before
    assert (data / "sparse").stat().st_blocks * 512 < 100_000
    assert volume_backup.same(store, "data", str(archive))
    assert os.listdir(data.parent) == ["_data"]


def test_the_same_content_is_the_same_archive(skiff: Skiff, data: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "1", tmp_path / "2"
    for path in (first, second):
        skiff.run("volume", "export", "--compression", "gzip", "-o", str(path), "data")
    assert first.read_bytes() == second.read_bytes()
    assert subprocess.run(["tar", "-tzf", first], capture_output=True, text=True, check=True).stdout.startswith("./\n")


def test_what_was_there_goes(store: Store, data: Path) -> None:
    assert not restore(store, gzip.compress(tar(member("only", b"x", mode=0o640, uid=5))))
    assert os.listdir(data) == ["only"]
    assert ((data / "only").stat().st_uid, (data / "only").stat().st_mode & 0o777) == (5, 0o640)


def test_an_archive_of_gnu_tar_is_compared_by_what_is_in_it(store: Store, data: Path, tmp_path: Path) -> None:
    (data / "fifo").unlink()
    archive = tmp_path / "gnu.tar"
    words = ["tar", "--xattrs", "--xattrs-include=*", "--format=posix", "--sort=name", "-C", f"{data}"]
    words += ["-cf", f"{archive}", "."]
    subprocess.run(words, check=True)
    before = described(data)
    restore(store, archive)
    assert described(data) == before
    assert restore(store, archive)
    (data / "more").write_text("x")
    assert not restore(store, archive)


@pytest.mark.parametrize(
    "archive",
    [
        gzip.compress(tar(member("a", bytes(5000))))[:-20],
        tar(member("a", b"x"), member("../../evil", b"x")),
        tar(
            member("out", kind=tarfile.SYMTYPE, linkname="/etc"), member("hard", kind=tarfile.LNKTYPE, linkname="out/x")
        ),
        b"no archive at all" * 100,
        b"",
    ],
)
def test_a_bad_archive_changes_nothing(store: Store, data: Path, archive: bytes) -> None:
    before = described(data)
    with pytest.raises(CorruptData):
        restore(store, archive)
    assert described(data) == before
    assert os.listdir(data.parent) == ["_data"]


def test_links_lead_nowhere_outside(store: Store, data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    with pytest.raises(CorruptData, match="'d/evil' cannot be unpacked"):
        restore(store, tar(member("d", kind=tarfile.SYMTYPE, linkname=str(out)), member("d/evil", b"x")))
    assert os.listdir(out) == []


def test_a_container_that_runs_on_it_must_be_stopped(skiff: Skiff, store: Store, data: Path, tmp_path: Path) -> None:
    skiff.run("run", "-d", "--name", "user", "--network=none", "-v", "data:/data", "bb", "sleep", "1000")
    before = described(data)
    with pytest.raises(InUse, match="while container user runs on it: stop that first"):
        restore(store, tar(member("x", b"y")))
    refused = skiff.run("volume", "import", "data", "/nowhere", check=False)
    assert "stop that first" in refused.stderr
    assert described(data) == before
    skiff.run("stop", "-t", "0", "user")
    restore(store, tar(member("x", b"y")))
    skiff.run("start", "user")
    assert skiff.run("exec", "user", "cat", "/data/x").stdout == "y"


def test_a_pause_gives_one_moment(skiff: Skiff, store: Store, data: Path, tmp_path: Path) -> None:
    restore(store, tar(member("a", b"0\n"), member("b", b"0\n")))
    skiff.run("run", "-d", "--name", "user", "--network=none", "-v", "data:/data", "bb", "sh", "-c", COUNT)
    seen = set()
    for number in range(5):
        archive = tmp_path / f"{number}.tar"
        skiff.run("volume", "export", "--pause", "-o", str(archive), "data")
        with tarfile.open(archive) as content:
            first, second = (int(content.extractfile(f"./{name}").read()) for name in ("a", "b"))  # type: ignore[union-attr]
        assert first - second in (0, 1)
        seen.add(first)
    assert len(seen) > 1  # it went on in between
    assert skiff.states() == {"user": "running"}
    skiff.run("pause", "user")
    skiff.run("volume", "export", "--pause", "-o", str(tmp_path / "last.tar"), "data")
    assert skiff.states() == {"user": "paused"}
    skiff.run("unpause", "user")


def test_a_volume_with_a_mount_is_filled_in_place(skiff: Skiff, store: Store, data: Path, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    (folder / "inner").mkdir(parents=True)
    (folder / "old").write_text("old")
    catalog.create(store, VolumeSpec("mounted", driver_options={"type": "none", "o": "bind", "device": str(folder)}))
    archive = tar(member("./", kind=tarfile.DIRTYPE, mode=0o750, uid=7), member("new", b"new"))
    restore(store, archive, "mounted")
    assert os.listdir(folder) == ["new"]
    assert (folder.stat().st_mode & 0o777, folder.stat().st_uid) == (0o750, 7)

    # Something that cannot be moved: all is as it was.
    (folder / "point").mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "none", folder / "point"], check=True)
    with pytest.raises(OSError, match="point"):
        restore(store, archive, "mounted")
    assert sorted(os.listdir(folder)) == ["new", "point"]
    subprocess.run(["umount", folder / "point"], check=True)

    # Killed in the middle: the next call puts back what was there before it does anything.
    (folder / ".skiff-replaced").mkdir()
    (folder / ".skiff-replaced" / "precious").write_text("x")
    with pytest.raises(CorruptData):
        restore(store, b"no archive" * 100, "mounted")
    assert (folder / "precious").read_text() == "x"
    assert not (folder / ".skiff-replaced").exists()
    skiff.run("volume", "rm", "mounted")


@pytest.mark.parametrize("moment", ["moving aside", "moving in", "clearing away"])
def test_a_restore_that_was_killed_in_a_mounted_volume(skiff: Skiff, store: Store, tmp_path: Path, moment: str) -> None:
    """Whoever uses it next finds the old content or the new one, whole."""
    folder = tmp_path / "folder"
    aside = {"moving aside": ".skiff-replacing", "moving in": ".skiff-replaced", "clearing away": ".skiff-gone"}[moment]
    (folder / aside).mkdir(parents=True)
    (folder / aside / "one").write_text("old")
    (folder / ".skiff-restore").mkdir()
    (folder / ("two" if moment == "moving aside" else "new")).write_text("there")
    catalog.create(store, VolumeSpec("mounted", driver_options={"type": "none", "o": "bind", "device": str(folder)}))
    skiff.run("volume", "export", "--digest", "mounted")
    wanted = {"moving aside": ["one", "two"], "moving in": ["one"], "clearing away": ["new"]}[moment]
    assert sorted(os.listdir(folder)) == wanted
    (folder / aside).mkdir()
    os.chown(folder / aside, 1000, 1000)  # a user's own folder of that name means nothing
    skiff.run("volume", "export", "--digest", "mounted")
    assert sorted(os.listdir(folder)) == sorted([aside, *wanted])
    skiff.run("volume", "rm", "mounted")


def test_a_volume_that_is_not_there(skiff: Skiff, store: Store, tmp_path: Path) -> None:
    with pytest.raises(VolumeNotFound):
        restore(store, b"", "none")
    target = tmp_path / "none.tar"
    assert skiff.run("volume", "export", "-o", str(target), "none", check=False).returncode == 1
    assert not target.exists()


def test_an_unknown_compression_is_told(skiff: Skiff, data: Path, tmp_path: Path) -> None:
    target = tmp_path / "data.tar"
    refused = skiff.run("volume", "export", "--compression", "lzma", "-o", str(target), "data", check=False)
    assert "there are none, gzip, zstd" in refused.stderr
    assert not target.exists()
