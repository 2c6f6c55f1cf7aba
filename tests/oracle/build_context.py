"""The base image and the build context of the Dockerfiles that both builders get."""

from __future__ import annotations

import gzip
import os
import re
import tarfile
from io import BytesIO
from pathlib import Path
from typing import Literal

BUSYBOX = Path("/bin/busybox")
_NAMES = re.findall(
    r"\w+", "sh echo ls mkdir chmod chown ln id rm cat touch mv pwd cp env printf test sed rmdir readlink mkfifo"
)


def base_tar() -> bytes:
    """Return a small root file system: busybox, a user joe, and links to folders."""
    buffer = BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for folder, mode in (("bin", 0o755), ("etc", 0o755), ("real", 0o755), ("real/run", 0o711), ("tmp", 0o1777)):
            member = tarfile.TarInfo(folder)
            member.type, member.mode = tarfile.DIRTYPE, mode
            archive.addfile(member)
        archive.add(BUSYBOX, "bin/busybox")
        links = [(f"bin/{name}", "busybox") for name in _NAMES]
        for name, target in (*links, ("myrun", "real/run"), ("abs", "/real/run")):
            link = tarfile.TarInfo(name)
            link.type, link.linkname = tarfile.SYMTYPE, target
            archive.addfile(link)
        for name, text in (("etc/passwd", "joe:x:77:78::/:/bin/sh\n"), ("etc/group", "grp:x:99:\njoe:x:79:\n")):
            member = tarfile.TarInfo(name)
            member.size = len(text)
            archive.addfile(member, BytesIO(text.encode()))
    return buffer.getvalue()


def fill(folder: Path) -> None:
    """Make a context with all that a COPY may meet."""
    for name in ("dir/sub", "locked", "archive/x", "empty", "many"):
        (folder / name).mkdir(parents=True)
    for name, text in (("one", "1"), ("two", "2"), ("dir/a", "a"), ("dir/sub/b", "b"), ("archive/x/y", "y")):
        (folder / name).write_text(text)
    for number in range(3):
        (folder / f"many/f{number}.txt").write_text(str(number))
    (folder / "locked/f").write_text("f")
    os.chown(folder / "locked/f", 55, 66)
    os.chmod(folder / "locked", 0o700)
    # No setuid bit: the classic builder loses it by a late chown, BuildKit and ours keep it.
    os.chmod(folder / "locked/f", 0o755)
    os.chmod(folder / "two", 0o600)
    os.symlink("a", folder / "dir/link")
    os.symlink("dir", folder / "to-dir")
    os.symlink("/etc/passwd", folder / "absolute")
    os.mkfifo(folder / "dir/fifo")
    os.link(folder / "dir/a", folder / "dir/hard")
    os.chown(folder / "archive/x", 7, 8)
    modes: dict[str, Literal["w", "w:gz", "w:xz", "w:bz2"]] = {
        "plain.tar": "w",
        "packed.tar.gz": "w:gz",
        "packed.tar.xz": "w:xz",
        "packed.tar.bz2": "w:bz2",
    }
    for suffix, mode in modes.items():
        with tarfile.open(folder / suffix, mode) as archive:
            archive.add(folder / "archive", ".")
    (folder / "one.gz").write_bytes(gzip.compress(b"1", mtime=0))
