"""A guest of the VM suite, and what it is given: the library, the programs of tests/vm/guest, a small base image."""

from __future__ import annotations

import io
import json
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from runtime_lib.images import writer
from tests.support import rootfs
from vms import control, ssh
from vms.machine import load

CHECKOUT = Path(__file__).parents[2]
VMCTL = CHECKOUT / "molecule" / "shared" / "vmctl"  # its QEMU is nobody's child here


class Guest:
    """A running VM."""

    def __init__(self, name: str) -> None:
        self.name = name

    def send(self, fill: Callable[[tarfile.TarFile], object], *options: str) -> None:
        """Unpack what `fill` puts into an archive, with further options of tar."""
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as tar:
            fill(tar)
        command = ssh.command(load(self.name), " ".join(("tar", "-x", *options, "-C", "/")))
        subprocess.run(command, input=buffer.getvalue(), check=True)

    def answer(self, program: str) -> dict[str, Any]:
        """Return what a program of tests/vm/guest, with its arguments, has seen."""
        found: dict[str, Any] = json.loads(ssh.run(load(self.name), f"cd /src && python3 -m tests.vm.guest.{program}"))
        return found


@contextmanager
def running(name: str, *options: str) -> Iterator[Guest]:
    """Give a new VM, by further options of `vmctl up`, for a block; one that an earlier run has left is ended first."""
    subprocess.run([VMCTL, "down", name], check=True)
    subprocess.run([VMCTL, "up", name, *options], check=True, stdout=subprocess.DEVNULL)
    try:
        yield Guest(name)
    finally:
        control.down([name])


def add_sources(tar: tarfile.TarFile, *more: str) -> None:
    """Put what guests run into /src, and `more` folders of the checkout."""
    for part in ("runtime_lib", "tests/vm", *more):
        tar.add(CHECKOUT / part, f"src/{part}", filter=_plain)


def add(tar: tarfile.TarFile, path: str, data: bytes) -> None:
    """Put a file there."""
    member = tarfile.TarInfo(path.lstrip("/"))
    member.size = len(data)
    tar.addfile(member, io.BytesIO(data))


def base_layer(place: Path) -> bytes:
    """Return the layer of an image of busybox, made in the folder `place`."""
    return b"".join(writer.pieces(str(rootfs.make(place / "base"))))


def _plain(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    member.uid = member.gid = 0
    return None if "__pycache__" in member.name else member
