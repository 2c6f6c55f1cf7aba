"""What the tests of real containers share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import rootfs
from tests.support.builder import Builder
from tests.support.bundle import Bundle


@pytest.fixture(scope="session")
def busybox(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root file system that all tests may use as a lower layer."""
    return rootfs.make(tmp_path_factory.mktemp("rootfs"))


@pytest.fixture
def bundle(tmp_path: Path, busybox: Path) -> Iterator[Bundle]:
    """A bundle; its container is removed at the end, and has left nothing on the host."""
    made = Bundle(tmp_path, busybox, f"t{os.getpid()}-{tmp_path.name}"[:60])
    yield made
    made.end()
    assert str(tmp_path) not in Path("/proc/self/mountinfo").read_text()
    assert not list(Path("/sys/fs/cgroup").glob(f"*/skiff-oci/{made.name}"))


@pytest.fixture(scope="session")
def base_tar(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive of the image `base` of a builder."""
    folder = tmp_path_factory.mktemp("base")
    return rootfs.tar(folder / "rootfs", folder / "base.tar")


@pytest.fixture
def builder(tmp_path: Path, base_tar: Path) -> Iterator[Builder]:
    """An installation of its own with one build context; no build has left anything at the end."""
    made = Builder(tmp_path, base_tar)
    yield made
    made.end()
