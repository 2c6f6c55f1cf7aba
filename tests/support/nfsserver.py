"""The kernel's NFS server without the programs of nfs-kernel-server: version 4 alone, one folder for the loopback.

What exportfs and rpc.mountd answer when the kernel asks is told it beforehand (nfs-utils, support/export/cache.c).
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_CONTROL = Path("/proc/fs/nfsd")
_CACHES = Path("/proc/net/rpc")
_NEVER = 2**31 - 1  # a time in seconds when an answer expires
# insecure_ports | async | no_subtree_check | fsid (include/uapi/linux/nfsd/export.h); root stays root
_FLAGS = 0x2 | 0x10 | 0x400 | 0x2000


@contextmanager
def exported(folder: Path) -> Iterator[None]:
    """Export a folder as the root of the server, until the end of the block."""
    subprocess.run(["modprobe", "nfsd"], check=True)
    if not (_CONTROL / "threads").exists():
        subprocess.run(["mount", "-t", "nfsd", "nfsd", _CONTROL], check=True)
    (_CONTROL / "versions").write_text("-3 +4 +4.1 +4.2\n")  # the third needs rpcbind
    recovery = folder.with_name("recovery")  # what the kernel keeps of its clients
    recovery.mkdir()
    (_CONTROL / "nfsv4recoverydir").write_text(f"{recovery}\n")
    start()
    for cache, line in (
        ("auth.unix.ip", f"nfsd 127.0.0.1 {_NEVER} lab"),
        ("nfsd.fh", rf"lab 1 \x00000000 {_NEVER} {folder}"),
        ("nfsd.export", f"lab {folder} {_NEVER} {_FLAGS} 65534 65534 0"),
    ):
        _tell(cache, line)
    try:
        yield
    finally:
        stop()


def start() -> None:
    """Have it answer, also those who were not there before its start."""
    (_CONTROL / "threads").write_text("2\n")
    (_CONTROL / "v4_end_grace").write_text("Y\n")


def stop() -> None:
    """Have nobody listen any more."""
    (_CONTROL / "threads").write_text("0\n")


def _tell(cache: str, line: str) -> None:
    """Write one answer by one call, as the kernel wants it."""
    channel = os.open(_CACHES / cache / "channel", os.O_WRONLY)
    try:
        os.write(channel, f"{line}\n".encode())
    finally:
        os.close(channel)
