"""`skiff-oci update`: other limits for a container that exists."""

from __future__ import annotations

import json
import sys

from ..errors import InvalidSpec, WrongState
from ..linux.cgroups import limits
from ..linux.cgroups.hierarchy import detect
from . import state

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any

# runc's option: section and name of OCI linux.resources
FLAGS = {
    "blkio-weight": ("blockIO", "weight"),
    "cpu-period": ("cpu", "period"),
    "cpu-quota": ("cpu", "quota"),
    "cpu-burst": ("cpu", "burst"),
    "cpu-share": ("cpu", "shares"),
    "cpu-rt-period": ("cpu", "realtimePeriod"),
    "cpu-rt-runtime": ("cpu", "realtimeRuntime"),
    "cpu-idle": ("cpu", "idle"),
    "cpuset-cpus": ("cpu", "cpus"),
    "cpuset-mems": ("cpu", "mems"),
    "memory": ("memory", "limit"),
    "memory-reservation": ("memory", "reservation"),
    "memory-swap": ("memory", "swap"),
    "kernel-memory": ("memory", "kernel"),  # the kernel has no such limit any more, and no caller is refused for it
    "kernel-memory-tcp": ("memory", "kernelTCP"),
    "pids-limit": ("pids", "limit"),
}
_TEXTS = ("cpuset-cpus", "cpuset-mems")
_UNITS = {"b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}  # of memory
_SECTIONS = ("blockIO", "cpu", "memory", "pids", "hugepageLimits", "rdma", "unified", "network")


def update(arguments: argparse.Namespace) -> int:
    """Apply limits, and remember them. Raises WrongState, or InvalidSpec before anything is touched."""
    entry = state.find(arguments.root, arguments.id)
    if entry.status() == "stopped":
        raise WrongState(f"container not running: {entry.id} has ended")
    wanted = _read(arguments.resources) if arguments.resources else _of_flags(vars(arguments))
    config = entry.config()
    present = config["linux"].setdefault("resources", {})
    merged, touched = merge(present, wanted)
    limits.files(touched, detect())
    entry.cgroup().apply(touched)
    config["linux"]["resources"] = merged
    entry.save_config(config)
    return 0


def merge(present: dict[str, Any], wanted: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return all limits that count from now on, and the sections of them that are to be written; pure.

    A number 0 and an empty text mean "as it is": callers send every field. Limits that belong together, such as a
    quota and its period, are written together.
    """
    merged, touched = dict(present), {}
    for section in _SECTIONS:
        value = wanted.get(section)
        if isinstance(value, dict):
            changes = {name: item for name, item in value.items() if item or (name == "idle" and item is not None)}
            value = {**(present.get(section) or {}), **changes} if changes else None
        if value:
            touched[section] = merged[section] = value
    memory = touched.get("memory") or {}
    if memory.get("limit") == -1 and not (wanted["memory"].get("swap")):
        memory["swap"] = -1  # no limit of both may be below that of memory
    return merged, touched


def _read(path: str) -> dict[str, Any]:
    try:
        if path == "-":
            content = json.load(sys.stdin)
        else:
            with open(path, "rb") as file:
                content = json.load(file)
    except ValueError as error:
        raise InvalidSpec(f"the resources in {path!r} are not JSON: {error}") from error
    if not isinstance(content, dict):
        raise InvalidSpec(f"the resources in {path!r} are no object of OCI linux.resources")
    return content


def _of_flags(options: dict[str, Any]) -> dict[str, Any]:
    wanted: dict[str, Any] = {}
    for flag, (section, name) in FLAGS.items():
        text = options[flag.replace("-", "_")]
        if text:
            wanted.setdefault(section, {})[name] = text if flag in _TEXTS else _number(flag, text)
    return wanted


def _number(flag: str, text: str) -> int:
    unit = text[-1].lower() if "memory" in flag else ""
    digits = text[:-1] if unit in _UNITS else text
    if not (digits.isascii() and digits.removeprefix("-").isdigit()):
        raise InvalidSpec(f"--{flag} {text!r}: give a whole number")
    return int(digits) * _UNITS.get(unit, 1)
