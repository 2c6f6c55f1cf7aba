"""What a new group must get from, or by, the groups above it before it can be used."""

from __future__ import annotations

import errno
import os

from . import fs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Set

REFUSED = (errno.EACCES, errno.EPERM, errno.EROFS)


def copy_cpuset(folder: str) -> None:
    """Give a new version 1 group processors and memory: it has none, and takes no process before it has."""
    parent = os.path.dirname(folder)
    for name in ("cpuset.cpus", "cpuset.mems"):
        if not fs.read(f"{folder}/{name}").strip():
            if not fs.read(f"{parent}/{name}").strip():
                copy_cpuset(parent)
            fs.write(f"{folder}/{name}", fs.read(f"{parent}/{name}").strip())


def enable(folder: str, wanted: Set[str]) -> None:
    """Let the children of a version 2 group have controllers (cgroups(7), "cgroup.subtree_control").

    A group of somebody else that does not let us, or has processes, is left as it is: a limit that needs more is told
    when it is written.
    """
    path = f"{folder}/cgroup.subtree_control"
    missing = wanted - set(fs.read(path).split())
    missing = missing and missing & set(fs.read(f"{folder}/cgroup.controllers").split())
    if not missing:
        return
    try:
        fs.write(path, " ".join(f"+{name}" for name in sorted(missing)))
    except OSError as error:
        if error.errno not in (*REFUSED, errno.EBUSY):
            raise


def account_below(folder: str) -> None:
    """Have a version 1 group count what the groups below it use."""
    path = f"{folder}/memory.use_hierarchy"
    if os.path.exists(path) and fs.read(path).strip() == "0":
        fs.write(path, "1")
