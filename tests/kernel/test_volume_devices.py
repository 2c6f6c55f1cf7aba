"""Volumes with a file system of their own: a block device, shared and read-only, and what does not mount."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.skiff import Skiff

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
RUN = ("run", "--rm", "--network=none")


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


def volume(skiff: Skiff, kind: str, options: str, source: str) -> None:
    skiff.run("volume", "create", "-o", f"type={kind}", "-o", f"o={options}", "-o", f"device={source}", "disk")


@pytest.mark.parametrize("device", ["rw"], indirect=True)
def test_a_block_device_is_a_volume(skiff: Skiff, device: str) -> None:
    volume(skiff, "ext4", "noatime", device)
    script = "cat /d/here && cp /d/here /d/more && grep -o ' /d rw,noatime - ext4' /proc/self/mountinfo"
    assert skiff.run(*RUN, "-v", "disk:/d", "bb", "sh", "-c", script).stdout == "on the device /d rw,noatime - ext4\n"
    assert skiff.run(*RUN, "-v", "disk:/d:ro", "bb", "cat", "/d/more").stdout == "on the device"
    skiff.run("volume", "rm", "disk")
    assert device not in Path("/proc/self/mountinfo").read_text()
    volume(skiff, "ext4", "", device)  # the content is the device's
    assert skiff.run(*RUN, "-v", "disk:/d", "bb", "cat", "/d/more").stdout == "on the device"
    skiff.run("volume", "rm", "disk")


@pytest.mark.parametrize("device", ["ro"], indirect=True)
def test_a_device_that_cannot_be_written(skiff: Skiff, device: str) -> None:
    volume(skiff, "ext4", "ro", device)
    script = "cat /d/here; touch /d/more || echo refused"
    assert skiff.run(*RUN, "-v", "disk:/d", "bb", "sh", "-c", script).stdout == "on the devicerefused\n"
    skiff.run("volume", "rm", "disk")
    volume(skiff, "ext4", "", device)
    refused = skiff.run(*RUN, "-v", "disk:/d", "bb", "true", check=False)
    assert "volume disk cannot be mounted" in refused.stderr
    skiff.run("volume", "rm", "disk")


@pytest.mark.parametrize("device", ["rw"], indirect=True)
def test_what_does_not_mount_leaves_nothing(skiff: Skiff, device: str) -> None:
    volume(skiff, "xfs", "", device)
    refused = skiff.run("run", "--name", "user", "--network=none", "-v", "disk:/d", "bb", "true", check=False)
    assert refused.returncode == 125
    assert f"whether {device} holds xfs" in refused.stderr
    assert skiff.states() == {"user": "created"}
    assert device not in Path("/proc/self/mountinfo").read_text()
    skiff.run("rm", "user")
    skiff.run("volume", "rm", "disk")
