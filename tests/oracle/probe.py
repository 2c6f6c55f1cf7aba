"""What a probe is, and how two engines' answers are made comparable."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass

Normaliser = Callable[[str], str]


def as_it_is(text: str) -> str:
    return text


@dataclass(frozen=True)
class Probe:
    """A shell command inside a container that has `options`; the same options are given to both engines.

    `difference` names a line of docs/security.md that says why answers differ, and `differences` holds ours; without
    one they must be equal.
    """

    id: str
    command: str
    options: tuple[str, ...] = ()
    normalise: Normaliser = as_it_is
    difference: str = ""


def ids(text: str) -> str:
    """Replace container ids, long and short."""
    return re.sub(r"\b[0-9a-f]{64}\b|\b[0-9a-f]{12}\b", "ID", text)


def cgroups(text: str) -> str:
    """Replace the folder that each engine puts its containers in."""
    return re.sub(r":/(docker|skiff-[0-9a-f]{6})/", ":/ENGINE/", ids(text))


def addresses(text: str) -> str:
    """Replace IPv4 addresses of containers and their gateways, and MAC addresses."""
    text = re.sub(r"\b(172|10|192)\.\d+\.\d+\.\d+\b", "ADDRESS", text)
    return re.sub(r"\b([0-9a-f]{2}:){5}[0-9a-f]{2}\b", "MAC", text)


def network(text: str) -> str:
    return addresses(ids(text))


def namespaces(text: str) -> str:
    """Say of each `kind:[inode]` whether it is the host's."""
    host = {os.readlink(f"/proc/self/ns/{name}") for name in os.listdir("/proc/self/ns")}
    return re.sub(r"\S+:\[\d+\]", lambda match: "host" if match.group() in host else "own", text)


def mounts(text: str) -> str:
    """Reduce lines of mountinfo to: place, options, type, options of the file system (where it is not the host's)."""
    return "\n".join(sorted(_mount(line) for line in text.splitlines() if " - " in line))


def _mount(line: str) -> str:
    left, right = line.split(" - ")
    _number, _parent, _device, _root, place, options, *_propagation = left.split()
    kind, _source, *rest = right.split(" ", 2)
    superblock = sorted((rest[0] if rest else "").split(","))
    if kind in ("overlay", "ext4", "xfs", "btrfs"):  # a file system of the host: what holds the image, or /var
        kind, superblock = "disk" if kind != "overlay" else kind, []
    return " ".join(filter(None, [place, options, kind, ",".join(superblock)]))


def places(text: str) -> str:
    return "\n".join(sorted(line.split()[4] for line in text.splitlines() if " - " in line))


def dates(text: str) -> str:
    """Remove size-and-date columns of `ls -l` down to mode, links, owner, device numbers and name."""
    result = []
    for line in text.splitlines():
        match = re.match(r"(\S+)\s+\d+\s+(\S+)\s+(\S+)\s+(.*?)\s+\w{3}\s+\d+\s+[\d:]+\s+(.*)", line)
        result.append(" ".join(match.groups()) if match else line)
    return re.sub(r"(?m)^(\S+ \S+ \S+) \d+ ", r"\1 ", "\n".join(line for line in result if "total" not in line))


def sorted_lines(text: str) -> str:
    return "\n".join(sorted(text.splitlines()))
