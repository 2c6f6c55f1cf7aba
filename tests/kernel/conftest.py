"""What the tests of real containers share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime_lib.paths import Layout
from runtime_lib.store import Store
from tests.support import rootfs
from tests.support.alone import alone
from tests.support.builder import Builder
from tests.support.bundle import Bundle
from tests.support.netlab import Lab, lab
from tests.support.skiff import Skiff


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


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Skiff]:
    """A host with the image `bb`, on which nothing is left at the end of a module."""
    folder = tmp_path_factory.mktemp("alone")
    with alone(folder, rootfs.tar(folder / "tree", folder / "bb.tar")) as made:
        yield made


@pytest.fixture(scope="module")
def skiff(installation: Skiff) -> Skiff:
    """The same, under the name that most tests have for it."""
    return installation


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Lab]:
    """A host of its own for a test of networks."""
    with lab(tmp_path) as made:
        yield made


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A store of its own; nothing temporary is left in it at the end."""
    opened = Store(Layout(str(tmp_path / "root"), str(tmp_path / "run")))
    yield opened
    opened.close()
    assert os.listdir(tmp_path / "root" / "tmp") == []
