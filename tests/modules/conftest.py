"""Real playbooks against the real engine."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.modules.host import CHECKOUT, Host, task, tool
from tests.support import rootfs
from tests.support.sshd import Sshd


@pytest.fixture(scope="session", autouse=True)
def _needs() -> None:
    if os.geteuid() != 0:
        pytest.skip("modules act as root")
    for name in ("ansible-playbook", "unshare", "nsenter", "ip"):
        if not shutil.which(tool(name)):
            pytest.skip(f"{name} is missing: run make dev")


@pytest.fixture(scope="session")
def collections(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A collections path in which the checkout is the collection."""
    path = tmp_path_factory.mktemp("collections")
    (path / "ansible_collections" / "skiff").mkdir(parents=True)
    (path / "ansible_collections" / "skiff" / "containers").symlink_to(CHECKOUT)
    return path


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tar of a small root file system."""
    folder = tmp_path_factory.mktemp("busybox")
    return rootfs.tar(folder / "rootfs", folder / "busybox.tar")


@pytest.fixture(scope="module")
def sshd(box: Host, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    """An SSH server in the namespaces of `box`, a host which each module that asks has of its own kind."""
    with Sshd(tmp_path_factory.mktemp("sshd"), box.inside()) as server:
        yield server


@pytest.fixture
def without_web(host: Host) -> Iterator[None]:
    """Remove the container `web` after each test."""
    yield
    host.one("container", name="web", state="absent", force_kill=True)


@pytest.fixture
def bare(tmp_path: Path, collections: Path) -> Iterator[Host]:
    """A host on which nothing has ever run."""
    host = Host(tmp_path, collections)
    yield host
    host.close()


@pytest.fixture
def other(tmp_path: Path, collections: Path) -> Iterator[Host]:
    """A second, bare host, beside `host`."""
    folder = tmp_path / "other"
    folder.mkdir()
    host = Host(folder, collections)
    yield host
    host.close()


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory, collections: Path, archive: Path) -> Iterator[Host]:
    """A host with the image `bb`, which the tests of one file share."""
    host = Host(tmp_path_factory.mktemp("host"), collections)
    changes = ['CMD ["sh", "-c", "trap exit TERM; while :; do sleep 0.1; done"]', "STOPSIGNAL KILL"]
    try:
        imported = host.play([task("image", name="bb", source="import", load_path=str(archive), changes=changes)])
        assert imported[0]["_ending"] == "ok", imported[0]
        yield host
    finally:
        host.close()
