"""An installation of the suite's own, with a small image, and proof that nothing of it is left."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import leftovers, rootfs
from tests.support.skiff import Skiff


@pytest.fixture(scope="session")
def archive() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="skiff-rootfs-"))
    yield rootfs.tar(folder / "rootfs", folder / "rootfs.tar")
    shutil.rmtree(folder)


@pytest.fixture
def skiff(archive: Path) -> Iterator[Skiff]:
    """A fresh installation with the image `busybox`; at the end nothing of its containers may be left."""
    if os.geteuid() != 0:
        pytest.skip("needs root")
    folder = Path(tempfile.mkdtemp(prefix="skiff-fault-"))
    host = Skiff(folder)
    host.run("import", str(archive), "busybox")
    before = leftovers.snapshot(host.root, host.layout.label)
    yield host
    host.remove_everything()
    left = leftovers.left_behind(before, host.root, host.layout.label)
    host.remove_networks()
    shutil.rmtree(folder, ignore_errors=True)
    assert left == {}
