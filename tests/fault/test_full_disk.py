"""A disk without room: what only looks or takes away works, everything else says so, and works again later."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.archives import member, tar
from tests.support.faultregistry import serving
from tests.support.remoteimage import RemoteImage
from tests.support.skiff import Skiff

CHATTER = "i=0; while true; do i=$((i+1)); echo line $i; sleep 0.05; done"
FULL = "No space left on device"


class Disk:
    """A small file system with the installation in it."""

    def __init__(self, skiff: Skiff) -> None:
        self.skiff = skiff
        self._ballast = Path(skiff.root) / "ballast"

    def fill(self) -> None:
        """Take every block."""
        with self._ballast.open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(65536))
            except OSError:
                return

    def spare(self, size: int) -> None:
        """Give so many bytes back."""
        os.truncate(self._ballast, self._ballast.stat().st_size - size)

    def free(self) -> None:
        """Give them back."""
        self._ballast.unlink()


@pytest.fixture
def disk(skiff: Skiff, archive: Path) -> Iterator[Disk]:
    """The installation of the test, on a file system of 48 MiB; its run folder is elsewhere, as on a host."""
    with tempfile.TemporaryDirectory(prefix="skiff-run-") as run:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48m,mode=0711", "tmpfs", skiff.root], check=True)
        skiff.environment["SKIFF_RUN"] = run
        checkout = Skiff(Path(skiff.root))
        checkout.environment = skiff.environment
        checkout.run("import", str(archive), "busybox")
        try:
            yield Disk(checkout)
        finally:
            checkout.remove_everything()
            subprocess.run(["umount", skiff.root], check=True)
            del skiff.environment["SKIFF_RUN"]


def test_containers_on_a_full_disk(disk: Disk) -> None:
    skiff = disk.skiff
    skiff.run("run", "-d", "--name", "web", "--network", "none", "-v", "/data", "busybox", "sh", "-c", CHATTER)
    skiff.run("create", "--name", "idle", "--network", "none", "busybox", "true")
    disk.fill()
    assert skiff.states() == {"web": "running", "idle": "created"}
    assert skiff.run("logs", "--tail", "1", "web").stdout.startswith("line ")
    assert skiff.run("exec", "web", "echo", "alive").stdout == "alive\n"
    skiff.run("stop", "-t", "0", "web")
    assert skiff.states()["web"] == "exited"
    skiff.run("rm", "-v", "idle")
    skiff.run("rm", "-v", "web")
    assert skiff.states() == {}


def test_images_on_a_full_disk(disk: Disk, archive: Path, tmp_path: Path) -> None:
    skiff = disk.skiff
    (tmp_path / "Dockerfile").write_text("FROM busybox\nRUN dd if=/dev/zero of=/big bs=1M count=4\n")
    disk.fill()
    for words in (("import", str(archive), "other"), ("build", "--network", "none", "-t", "other", str(tmp_path))):
        result = skiff.run(*words, check=False)
        assert result.returncode == 1
        assert FULL in result.stderr
        assert "Traceback" not in result.stderr
    with archive.open("rb") as piped:
        result = skiff.run("load", stdin=piped, check=False)
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == f"skiff: {FULL}: {skiff.layout.temporary}: free some space there\n"
    assert skiff.run("images", "--format", "{{.Repository}}").stdout == "busybox\n"
    disk.free()
    skiff.run("import", str(archive), "other")
    skiff.run("build", "--network", "none", "-t", "built", str(tmp_path))
    assert skiff.run("run", "--rm", "--network", "none", "built", "wc", "-c", "/big").stdout == "4194304 /big\n"
    assert skiff.states() == {}


@pytest.mark.parametrize("spare", [0, 64 << 10, 1 << 20, 3 << 20, 5 << 20])
def test_a_pull_to_a_full_disk(disk: Disk, spare: int) -> None:
    skiff = disk.skiff
    image = RemoteImage(tar(member("first", os.urandom(2 << 20))), tar(member("second", os.urandom(2 << 20))))
    with serving(image.script) as registry:
        name = f"{registry.host}/large:1"
        disk.fill()
        disk.spare(spare)
        result = skiff.run("pull", name, check=False)
        assert result.returncode == 1
        assert FULL in result.stderr
        assert "Traceback" not in result.stderr
        assert skiff.run("images", "--format", "{{.Repository}}").stdout == "busybox\n"
        disk.free()
        skiff.run("pull", name)
    assert os.listdir(skiff.layout.temporary) == []
    assert skiff.run("image", "ls", "-q", name).stdout
    skiff.run("rmi", name)
