"""Volumes with a file system of their own: a block device, shared and read-only, and what does not mount."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import rootfs
from tests.support.alone import alone
from tests.support.skiff import Skiff

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
RUN = ("run", "--rm", "--network=none")


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Skiff]:
    folder = tmp_path_factory.mktemp("devices")
    with alone(folder, rootfs.tar(folder / "rootfs", folder / "rootfs.tar")) as found:
        yield found


@pytest.fixture(params=["rw", "ro"])
def device(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """A block device with an ext4 that holds the file `here`; one that cannot be written where the test asks so."""
    (tmp_path / "content").mkdir()
    (tmp_path / "content" / "here").write_text("on the device")
    image = tmp_path / "image"
    subprocess.run(["mkfs.ext4", "-q", "-d", tmp_path / "content", image, "8m"], check=True)
    flags = ["--read-only"] if request.param == "ro" else []
    words = ["losetup", "--find", "--show", *flags, str(image)]
    name = subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()
    yield name
    subprocess.run(["losetup", "--detach", name], check=True)


def volume(host: Skiff, kind: str, options: str, source: str) -> None:
    host.run("volume", "create", "-o", f"type={kind}", "-o", f"o={options}", "-o", f"device={source}", "disk")


@pytest.mark.parametrize("device", ["rw"], indirect=True)
def test_a_block_device_is_a_volume(host: Skiff, device: str) -> None:
    volume(host, "ext4", "noatime", device)
    script = "cat /d/here && cp /d/here /d/more && grep -o ' /d rw,noatime - ext4' /proc/self/mountinfo"
    assert host.run(*RUN, "-v", "disk:/d", "bb", "sh", "-c", script).stdout == "on the device /d rw,noatime - ext4\n"
    assert host.run(*RUN, "-v", "disk:/d:ro", "bb", "cat", "/d/more").stdout == "on the device"
    host.run("volume", "rm", "disk")
    assert device not in Path("/proc/self/mountinfo").read_text()
    volume(host, "ext4", "", device)  # the content is the device's
    assert host.run(*RUN, "-v", "disk:/d", "bb", "cat", "/d/more").stdout == "on the device"
    host.run("volume", "rm", "disk")


@pytest.mark.parametrize("device", ["ro"], indirect=True)
def test_a_device_that_cannot_be_written(host: Skiff, device: str) -> None:
    volume(host, "ext4", "ro", device)
    script = "cat /d/here; touch /d/more || echo refused"
    assert host.run(*RUN, "-v", "disk:/d", "bb", "sh", "-c", script).stdout == "on the devicerefused\n"
    host.run("volume", "rm", "disk")
    volume(host, "ext4", "", device)
    refused = host.run(*RUN, "-v", "disk:/d", "bb", "true", check=False)
    assert "volume disk cannot be mounted" in refused.stderr
    host.run("volume", "rm", "disk")


@pytest.mark.parametrize("device", ["rw"], indirect=True)
def test_what_does_not_mount_leaves_nothing(host: Skiff, device: str) -> None:
    volume(host, "xfs", "", device)
    refused = host.run("run", "--name", "user", "--network=none", "-v", "disk:/d", "bb", "true", check=False)
    assert refused.returncode == 125
    assert f"whether {device} holds xfs" in refused.stderr
    assert host.states() == {"user": "created"}
    assert device not in Path("/proc/self/mountinfo").read_text()
    host.run("rm", "user")
    host.run("volume", "rm", "disk")
