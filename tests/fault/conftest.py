"""An installation of the suite's own in a network of its own, with a small image; nothing of it may be left."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from runtime_lib import library as installation
from runtime_lib.linux import netns
from runtime_lib.paths import Layout
from runtime_lib.store import Store
from tests.support import leftovers, rootfs
from tests.support.skiff import Skiff


@pytest.fixture(scope="session")
def archive() -> Iterator[Path]:
    """The tar archive of a root file system."""
    folder = Path(tempfile.mkdtemp(prefix="skiff-rootfs-"))
    yield rootfs.tar(folder / "rootfs", folder / "rootfs.tar")
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def library() -> Iterator[Path]:
    """An installed copy of the library, as the first task on a host makes it."""
    if os.geteuid() != 0:
        pytest.skip("needs root")
    folder = tempfile.mkdtemp(prefix="skiff-library-")
    yield Path(installation.install(Store(Layout(folder, f"{folder}/run"))))
    shutil.rmtree(folder)


@pytest.fixture
def skiff(archive: Path, library: Path) -> Iterator[Skiff]:
    """A fresh installation with the image `busybox`; at the end its objects are removed, and nothing may be left."""
    with _installation(archive, library) as host:
        yield host


@pytest.fixture(scope="module")
def shared(archive: Path, library: Path) -> Iterator[Skiff]:
    """One for all tests of a module that must not change anything."""
    with _installation(archive, library) as host:
        yield host
        assert host.states() == {}
        assert host.run("images", "--format", "{{.Repository}}").stdout == "busybox\n"
        assert host.run("volume", "ls", "-q").stdout == ""


@contextmanager
def _installation(archive: Path, library: Path) -> Iterator[Skiff]:
    with netns.fresh() as namespace:
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        folder = Path(tempfile.mkdtemp(prefix="skiff-fault-"))
        host = Skiff.installed(folder, library)
        host.run("import", str(archive), "busybox")
        try:
            yield host
        finally:
            host.remove_everything()
            left = leftovers.of(host.root, host.layout.label)
            shutil.rmtree(folder, ignore_errors=True)
        os.close(namespace)
    assert left == {}
