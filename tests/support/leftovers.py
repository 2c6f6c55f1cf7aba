"""What a host holds of an installation: taken before and after, the difference is what was left behind."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")


def snapshot(root: str, label: str) -> dict[str, set[str]]:
    """Return processes, mounts, interfaces, cgroups, nftables rules and folders that may belong to the installation."""
    return {
        "processes": _processes(root),
        "mounts": _mounts(root),
        "interfaces": set(os.listdir("/sys/class/net")),
        "cgroups": _cgroups(label),
        "rules": _rules(label),
        "folders": _folders(root),
    }


def left_behind(before: dict[str, set[str]], root: str, label: str, patience: float = 10.0) -> dict[str, set[str]]:
    """Return what is there now and was not before; {} when nothing is.

    The kernel ends namespaces, and with them their interfaces, a moment after the last process: so look again for up
    to `patience` seconds.
    """
    deadline = time.monotonic() + patience
    while True:
        now = snapshot(root, label)
        left = {kind: now[kind] - before[kind] for kind in now if now[kind] - before[kind]}
        if not left or time.monotonic() > deadline:
            return left
        time.sleep(0.1)


def _cgroups(label: str) -> set[str]:
    """Return the groups of containers; that of the monitors goes when somebody next finds it empty."""
    found = set()
    for folder, names, _files in os.walk(CGROUPS):  # unlike glob it does not mind a group that goes meanwhile
        if os.path.basename(folder) == label:
            found |= {f"{folder}/{name}" for name in names if name != "monitors"}
            names.clear()
    return found


def _processes(root: str) -> set[str]:
    found = set()
    for entry in os.listdir("/proc"):
        if not entry.isdigit() or int(entry) == os.getpid():
            continue
        try:
            line = Path(f"/proc/{entry}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if root in line and ("runtime_lib" in line):
            found.add(f"{entry} {line}")
    return found


def _mounts(root: str) -> set[str]:
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    return {line.split(" ", 2)[2] for line in lines if root in line}


def _rules(label: str) -> set[str]:
    text = subprocess.run(["nft", "list", "ruleset"], capture_output=True, text=True, check=True).stdout
    table = label.replace("-", "_")
    return {line.strip() for line in text.split("\n") if "dnat" in line} if table in text else set()


def _folders(root: str) -> set[str]:
    found = set()
    for part in ("containers", "run/containers", "tmp"):
        folder = Path(root) / part
        found |= {f"{part}/{name}" for name in os.listdir(folder)} if folder.exists() else set()
    return found
