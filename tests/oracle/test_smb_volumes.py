"""Volumes on an SMB server, on Docker Engine and on Skiff: what containers and the server see, and what is refused."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import MACHINE
from tests.support import smbserver

from .conftest import Engine

DATA = f"smb{os.getpid()}"
INSIDE = (
    'awk \'$5 == "/d" {print $4, $6; sub(/.* - /, ""); print}\' /proc/self/mountinfo;'
    " ls -ldn /d | cut -c 1-10; echo text >/d/file && cat /d/file; rm -f /d/file /d/other; echo other >/d/other"
)
SECRET = smbserver.PASSWORD.replace(",", ",,")  # the kernel's form of a comma (fs/smb/client/fs_context.c)
LOGIN = f"username={smbserver.USER},password={SECRET}"
MOUNTED = {
    "an address": (f"addr=127.0.0.1,vers=3.0,{LOGIN}", "//127.0.0.1/data"),
    "the server's name": (f"addr=localhost,vers=3.1.1,{LOGIN},file_mode=0640,dir_mode=0750", "//localhost/data"),
    "a folder of the share": (f"{LOGIN},uid=5,gid=6", "//127.0.0.1/data/sub"),
    "read-only": (f"ro,noexec,{LOGIN}", "//127.0.0.1/data"),
}
REFUSED = {
    "a wrong password": ("addr=127.0.0.1,username=root,password=guesswork", "//127.0.0.1/data"),
    "an unknown user": ("addr=127.0.0.1,username=nobody,password=guesswork", "//127.0.0.1/data"),
    "a share that is not there": (f"addr=127.0.0.1,{LOGIN}", "//127.0.0.1/nothere"),
    "an option that is none": (f"addr=127.0.0.1,{LOGIN},odd=1", "//127.0.0.1/data"),
    "a file with the password, which mount(8) would read": (
        "addr=127.0.0.1,credentials=/etc/hosts",
        "//127.0.0.1/data",
    ),
    "nobody listens": (f"addr=127.0.0.1,port=9,{LOGIN}", "//127.0.0.1/data"),
}

pytestmark = [pytest.mark.skipif(os.geteuid() != 0, reason="needs root"), pytest.mark.lan]


@pytest.fixture(scope="module")
def share(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder on the server."""
    if not smbserver.present():
        pytest.skip(f"{MACHINE}needs samba, and the kernel module cifs")
    folder = tmp_path_factory.mktemp("share")
    (folder / "sub").mkdir()
    with smbserver.shared(folder, tmp_path_factory.mktemp("server")):
        yield folder


def mounts() -> list[str]:
    """Return where the host has something of a server."""
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    return [line.split()[4] for line in lines if line.partition(" - ")[2].startswith(("cifs ", "smb3 "))]


def used(engine: Engine, options: tuple[str, str], share: Path) -> dict[str, Any]:
    """Return what a container and the server see of a volume, what inspect tells, and what is left in the end."""
    words = ("-o", "type=cifs", "-o", f"o={options[0]}", "-o", f"device={options[1]}")
    assert engine.call("volume", "create", *words, DATA).returncode == 0
    done = engine.run(("--network", "none", "-v", f"{DATA}:/d"), "sh", "-c", INSIDE)
    if engine.name == "skiff":  # Docker shows the options with the password
        assert not [word for word in (smbserver.PASSWORD, SECRET, "guesswork") if word in done.stdout + done.stderr]
    (found,) = json.loads(engine.call("volume", "inspect", DATA).stdout)
    arrived = sorted(str(path.relative_to(share)) for path in share.rglob("other"))
    left = mounts()
    removed = engine.call("volume", "rm", DATA).returncode
    for path in arrived:
        (share / path).unlink()
    told = {key: found[key] for key in ("Driver", "Name", "Options", "Scope", "Labels")}
    seen = {"inside": done.stdout.splitlines(), "failed": done.returncode != 0, "arrived": arrived, "inspect": told}
    return {**seen, "removed": removed, "left": left}


@pytest.mark.parametrize("options", MOUNTED.values(), ids=MOUNTED)
def test_a_volume_of_a_server(docker: Engine, skiff: Engine, share: Path, options: tuple[str, str]) -> None:
    theirs, ours = (used(engine, options, share) for engine in (docker, skiff))
    assert ours == theirs
    assert ours["left"] == []
    assert bool(ours["arrived"]) == ("ro" not in options[0].split(","))


@pytest.mark.parametrize("options", REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_mounted(docker: Engine, skiff: Engine, share: Path, options: tuple[str, str]) -> None:
    theirs, ours = (used(engine, options, share) for engine in (docker, skiff))
    assert ours == theirs
    assert ours["failed"]
