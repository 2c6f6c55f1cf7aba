"""What a guest of the VM suite is given: the library, the programs of tests/vm/guest, a small base image."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

from runtime_lib.images import writer
from tests.support import rootfs

CHECKOUT = Path(__file__).parents[2]
VMCTL = CHECKOUT / "molecule" / "shared" / "vmctl"  # its QEMU is nobody's child here


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
