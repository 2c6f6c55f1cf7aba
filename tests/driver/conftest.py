"""Real `molecule test` runs with the driver of this checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.driver.machine import Machine
from tests.modules.host import CHECKOUT

PACKAGES = "python3,curl,systemd"


@pytest.fixture(scope="session", autouse=True)
def _needs() -> None:
    if os.geteuid() != 0:
        pytest.skip("containers are made as root")
    for name in ("mmdebstrap", "unshare", "nsenter", "ip"):
        if not shutil.which(name):
            pytest.skip(f"{name} is missing: run make dev")
    drivers = subprocess.run([Path(sys.executable).parent / "molecule", "drivers"], capture_output=True, text=True)
    if "molecule-skiff" not in drivers.stdout:
        pytest.skip("the driver is not installed: run make dev")


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tar of the image that the sample role's scenarios name, made outside of the network namespace."""
    archive = tmp_path_factory.mktemp("base") / "base.tar"
    subprocess.run(
        ["mmdebstrap", "--quiet", "--variant=minbase", f"--include={PACKAGES}", "bookworm", archive], check=True
    )
    return archive


@pytest.fixture(scope="session")
def machine(tmp_path_factory: pytest.TempPathFactory, base: Path) -> Iterator[Machine]:
    """The machine that all tests share, as they would share a developer's."""
    collections = tmp_path_factory.mktemp("collections")
    (collections / "ansible_collections" / "skiff").mkdir(parents=True)
    (collections / "ansible_collections" / "skiff" / "containers").symlink_to(CHECKOUT)
    folder = tmp_path_factory.mktemp("machine")
    (folder / "home").mkdir()
    machine = Machine(folder, collections, base)
    yield machine
    machine.close()
