"""Volumes on an NFS server, on Docker Engine and on Skiff: what containers and the server see, and what is refused."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import MACHINE
from tests.support import nfsserver

from .conftest import Engine

DATA = f"nfs{os.getpid()}"
INSIDE = (
    'awk \'$5 == "/d" {print $4, $6; sub(/.* - /, ""); print}\' /proc/self/mountinfo;'
    " ls -ldn /d | cut -c 1-10; echo text >/d/file && cat /d/file; rm -f /d/file /d/other; echo other >/d/other"
)
MOUNTED = {
    "version 4": ("nfs", "addr=127.0.0.1,rw,nfsvers=4", ":/"),
    "a folder, by the server's name": ("nfs", "nfsvers=4.2,addr=localhost,soft", ":/sub"),
    "read-only": ("nfs", "addr=127.0.0.1,vers=4.1,ro,noexec", "anything:/"),
}
REFUSED = {
    "a folder that is not there": ("nfs", "addr=127.0.0.1,nfsvers=4", ":/nothere"),
    "an option that is none": ("nfs", "addr=127.0.0.1,nfsvers=4,odd=1", ":/"),
    "nobody listens": ("nfs", "addr=127.0.0.1,port=9,nfsvers=4.2,soft,timeo=10,retrans=1", ":/"),
}

pytestmark = [pytest.mark.skipif(os.geteuid() != 0, reason="needs root"), pytest.mark.lan]


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder on the server."""
    if subprocess.run(["modprobe", "nfsd"], capture_output=True).returncode:
        pytest.skip(f"{MACHINE}the kernel has no NFS server")
    folder = tmp_path_factory.mktemp("export")
    (folder / "sub").mkdir()
    with nfsserver.exported(folder):
        yield folder


def mounts() -> list[str]:
    """Return where the host has something of a server."""
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    return [line.split()[4] for line in lines if line.partition(" - ")[2].startswith(("nfs4 ", "nfs "))]


def used(engine: Engine, options: tuple[str, str, str], export: Path) -> dict[str, Any]:
    """Return what a container and the server see of a volume, what inspect tells, and what is left in the end."""
    words = [word for key, value in zip(("type", "o", "device"), options) for word in ("-o", f"{key}={value}")]
    assert engine.call("volume", "create", "-d", "local", *words, DATA).returncode == 0
    done = engine.run(("--network", "none", "-v", f"{DATA}:/d"), "sh", "-c", INSIDE)
    (found,) = json.loads(engine.call("volume", "inspect", DATA).stdout)
    arrived = sorted(str(path.relative_to(export)) for path in export.rglob("other"))
    removed = engine.call("volume", "rm", DATA).returncode
    kept = [path for path in arrived if (export / path).exists()]
    for path in kept:
        (export / path).unlink()
    told = {key: found[key] for key in ("Driver", "Name", "Options", "Scope", "Labels")}
    seen = {"inside": done.stdout.splitlines(), "failed": done.returncode != 0, "arrived": arrived, "inspect": told}
    return {**seen, "removed": removed, "kept": kept, "left": mounts()}


@pytest.mark.parametrize("options", MOUNTED.values(), ids=MOUNTED)
def test_a_volume_of_a_server(docker: Engine, skiff: Engine, export: Path, options: tuple[str, str, str]) -> None:
    theirs, ours = (used(engine, options, export) for engine in (docker, skiff))
    assert ours == theirs
    assert ours["kept"] == ours["arrived"]
    assert bool(ours["arrived"]) == ("ro" not in options[1].split(","))


@pytest.mark.parametrize("options", REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_mounted(docker: Engine, skiff: Engine, export: Path, options: tuple[str, str, str]) -> None:
    theirs, ours = (used(engine, options, export) for engine in (docker, skiff))
    assert ours == theirs
    assert ours["failed"]
