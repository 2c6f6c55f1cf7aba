"""What a host holds of an installation: when everything is removed, it must be nothing."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")
# Bridges, the host's ends of veth pairs, VXLAN and WireGuard interfaces, Open vSwitch's bridges and tunnels, parents.
OURS = ("sk", "sv", "sx", "sw", "so", "st", "dm-")


def of(
    root: str, label: str, patience: float = 60.0, counts: Callable[[str], bool] = lambda _interface: True
) -> dict[str, list[str]]:
    """Return processes, mounts, interfaces, cgroups, rules and folders of an installation; {} when nothing is there.

    Interfaces are those of the calling thread's network namespace; `counts` says which of them may be the
    installation's own where the namespace is not. The kernel ends namespaces, and with them their interfaces, a moment
    after the last process, and the last monitor needs a moment to end: so look again for up to `patience` seconds.
    """
    deadline = time.monotonic() + patience
    while True:
        left = {
            "processes": processes(root),
            "mounts": _mounts(root),
            "interfaces": [name for _index, name in socket.if_nameindex() if name.startswith(OURS) and counts(name)],
            "cgroups": _cgroups(label),
            "rules": _rules(label),
            "folders": _folders(root),
        }
        found = {kind: names for kind, names in left.items() if names}
        if not found or time.monotonic() > deadline:
            return found
        time.sleep(0.1)


def _cgroups(label: str) -> list[str]:
    found = []
    for folder, names, _files in os.walk(CGROUPS):  # unlike glob it does not mind a group that goes meanwhile
        if os.path.basename(folder) == label:
            found += [folder, *(f"{folder}/{name}" for name in names)]
            names.clear()
    return found


def processes(root: str) -> list[str]:
    """Return "pid command line" of each process that runs the library of an installation."""
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit() or int(entry) == os.getpid():
            continue
        try:
            line = Path(f"/proc/{entry}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if root in line and "runtime_lib" in line:
            found.append(f"{entry} {line}")
    return found


def _mounts(root: str) -> list[str]:
    return [line for line in Path("/proc/self/mountinfo").read_text().splitlines() if f" {root}/" in line]


def _rules(label: str) -> list[str]:
    listing = ["nft", "list", "table", "inet", label.replace("-", "_")]
    result = subprocess.run(listing, capture_output=True, text=True, check=False)
    return result.stdout.splitlines()


def _folders(root: str) -> list[str]:
    found = []
    for part in ("containers", "run/containers", "tmp", "volumes"):
        folder = Path(root) / part
        found += [f"{part}/{name}" for name in os.listdir(folder)] if folder.exists() else []
    return found
