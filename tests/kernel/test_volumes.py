"""Volumes as root: owners, devices, and mounts that must survive a removal."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime_lib.errors import HostLacks, InUse
from runtime_lib.linux.saferoot import SafeRoot
from runtime_lib.linux.trees import remove_tree
from runtime_lib.paths import Layout
from runtime_lib.store import Store
from runtime_lib.volumes import catalog, mounting
from runtime_lib.volumes.seed import copy_up
from runtime_lib.volumes.spec import VolumeSpec

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(Layout(str(tmp_path / "root"), str(tmp_path / "run")))


@pytest.fixture
def bind(tmp_path: Path) -> Iterator[list[Path]]:
    """Collect mount points; they are unmounted at the end."""
    places: list[Path] = []
    yield places
    for place in places:
        subprocess.run(["umount", "-l", str(place)], check=True)


def test_owners_devices_and_capabilities_are_taken_over(tmp_path: Path, store: Store) -> None:
    image = tmp_path / "image"
    (image / "data").mkdir(parents=True)
    (image / "data" / "file").write_text("x")
    os.chown(image / "data" / "file", 1234, 4321)
    (image / "data" / "file").chmod(0o6755)  # after chown, which would clear it
    capability = bytes.fromhex("0100000200040000000000000000000000000000")
    os.setxattr(image / "data" / "file", "security.capability", capability)
    os.setxattr(image / "data", "trusted.overlay.opaque", b"y")
    os.mknod(image / "data" / "null", 0o020600, os.makedev(1, 3))
    (image / "data" / "null").chmod(0o666)
    os.symlink("file", image / "data" / "link")
    os.lchown(image / "data" / "link", 7, 8)
    os.chown(image / "data", 33, 34)
    volume = catalog.create(store, VolumeSpec("data"))
    with SafeRoot.at(str(image)) as root:
        assert copy_up(root, "/data", volume.folder)
    copy = Path(volume.folder)
    status = (copy / "file").stat()
    assert (status.st_uid, status.st_gid, status.st_mode) == (1234, 4321, 0o106755)
    assert os.getxattr(copy / "file", "security.capability") == capability
    device = (copy / "null").stat()
    assert (device.st_rdev, device.st_mode) == (os.makedev(1, 3), 0o020666)
    assert (os.lstat(copy / "link").st_uid, os.lstat(copy / "link").st_gid) == (7, 8)
    assert (copy.stat().st_uid, copy.stat().st_gid) == (33, 34)
    assert "trusted.overlay.opaque" not in os.listxattr(copy)
    assert catalog.find(store, "data").seeded


def test_a_removal_stops_at_a_mount(tmp_path: Path, store: Store, bind: list[Path]) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "file").write_text("keep me")
    inside = Path(catalog.create(store, VolumeSpec("data")).folder) / "deep" / "mounted"
    inside.mkdir(parents=True)
    subprocess.run(["mount", "--bind", str(precious), str(inside)], check=True)
    bind.append(inside)
    with pytest.raises(OSError, match="something is mounted there") as caught:
        catalog.remove(store, "data")
    assert caught.value.filename == "data/_data/deep/mounted"
    assert (precious / "file").read_text() == "keep me"
    subprocess.run(["umount", str(bind.pop())], check=True)
    catalog.create(store, VolumeSpec("data"))  # finishes the removal, and makes a new one
    assert os.listdir(catalog.find(store, "data").folder) == []


@pytest.mark.parametrize("kind", ["none", "bind"])
def test_a_folder_of_the_host_as_a_volume(tmp_path: Path, store: Store, kind: str) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "file").write_text("keep me")
    options = {"type": kind, "o": "bind,ro", "device": str(tmp_path / "data")}
    volume = catalog.create(store, VolumeSpec("data", driver_options=options))
    with mounting.used(store, volume) as folder, mounting.used(store, volume) as again:
        assert folder == again == volume.folder
        assert os.listdir(volume.folder) == ["file"]
        assert os.statvfs(volume.folder).f_flag & os.ST_RDONLY
    assert os.listdir(volume.folder) == []
    catalog.remove(store, "data")
    assert (tmp_path / "data" / "file").read_text() == "keep me"
    assert volume.folder not in Path("/proc/self/mountinfo").read_text()


def test_a_file_system_as_a_volume(store: Store) -> None:
    options = {"type": "tmpfs", "o": "size=64k,mode=700", "device": "tmpfs"}
    volume = catalog.create(store, VolumeSpec("scratch", driver_options=options))
    with mounting.used(store, volume):
        status = os.statvfs(volume.folder)
        assert status.f_blocks * status.f_frsize == 65536
        assert os.stat(volume.folder).st_mode & 0o777 == 0o700
        with pytest.raises(InUse, match="volume scratch is being read or filled"):
            catalog.remove(store, "scratch")
    catalog.remove(store, "scratch")
    assert volume.folder not in Path("/proc/self/mountinfo").read_text()


@pytest.mark.parametrize(
    ("kind", "options", "device", "words"),
    [
        ("none", "bind", "{tmp}/nowhere", "nowhere does not exist on this host; make it first"),
        ("none", "bind", "{tmp}/file", "file is no folder"),
        ("ext4", "", "{tmp}/nowhere", "nowhere does not exist on this host"),
        ("ext4", "", "{tmp}/file", "file is no block device, which ext4 needs"),
        ("no-such", "", "/dev/null", "kernel has no file system 'no-such'"),
        ("tmpfs", "size=large", "tmpfs", "look at the options in o"),
        ("tmpfs", "password=swordfish", "tmpfs", "look at the options in o"),
        ("nfs", "addr=no..server", ":/data", "name no..server cannot be resolved"),
    ],
)
def test_what_cannot_be_mounted(tmp_path: Path, store: Store, kind: str, options: str, device: str, words: str) -> None:
    (tmp_path / "file").write_text("x")
    given = {"type": kind, "o": options, "device": device.format(tmp=tmp_path)}
    volume = catalog.create(store, VolumeSpec("gone", driver_options=given))
    before = Path("/proc/self/mountinfo").read_text()
    with pytest.raises(HostLacks, match=words) as caught, mounting.used(store, volume):
        pytest.fail("it is not mounted")
    assert "swordfish" not in str(caught.value)
    assert Path("/proc/self/mountinfo").read_text() == before
    assert not mounting.mounted(volume.folder)
    catalog.remove(store, "gone")


def test_a_mounted_file_is_a_mount_too(tmp_path: Path, bind: list[Path]) -> None:
    (tmp_path / "precious").write_text("keep me")
    place = tmp_path / "tree" / "file"
    place.parent.mkdir()
    place.touch()
    subprocess.run(["mount", "--bind", str(tmp_path / "precious"), str(place)], check=True)
    bind.append(place)
    parent = os.open(tmp_path, os.O_RDONLY)
    try:
        with pytest.raises(OSError, match="something is mounted there"):
            remove_tree(parent, "tree")
    finally:
        os.close(parent)
    assert (tmp_path / "precious").read_text() == "keep me"
