"""`skiff-oci events`: what a container uses, and each time the kernel kills for lack of memory; runc's JSON lines."""

from __future__ import annotations

import json
import sys
import time

from ..errors import InvalidSpec, WrongState
from ..linux.cgroups.hierarchy import UNIFIED
from . import state

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_TICK = 0.25  # seconds between two looks for the end and for lack of memory
_NO_LIMIT = (1 << 64) - 1  # as version 2 is translated
_NANOSECONDS = 10_000_000  # of one tick of cpuacct.stat (USER_HZ is 100 in every architecture's ABI)


def events(arguments: argparse.Namespace) -> int:
    """Print lines until the container ends, with --stats one. Raises WrongState."""
    seconds = interval(arguments.interval)
    entry = state.find(arguments.root, arguments.id)
    if entry.status() == "stopped":
        raise WrongState(f"container with id {entry.id} is not running")
    if arguments.stats:
        _say(entry.id, "stats", statistics(entry.cgroup().paths()))
        return 0
    _follow(entry, seconds)
    return 0


def interval(text: str) -> float:
    """Return the seconds of a text such as 5s, 500ms or 1m. Raises InvalidSpec."""
    number = text.rstrip("mhs")
    unit = text[len(number) :]
    if unit not in _UNITS or not number.replace(".", "", 1).isdigit() or not float(number):
        raise InvalidSpec(f"--interval {text!r}: give a time above zero such as 5s or 500ms")
    return float(number) * _UNITS[unit]


def _follow(entry: state.Entry, seconds: float) -> None:
    cgroup = entry.cgroup()
    kills, due = cgroup.oom_kills(), time.monotonic() + seconds
    while entry.process.alive():
        time.sleep(min(_TICK, seconds))
        now = cgroup.oom_kills()
        for _unused in range(now - kills):
            _say(entry.id, "oom", None)
        kills = max(kills, now)
        if time.monotonic() >= due and entry.process.alive():
            _say(entry.id, "stats", statistics(cgroup.paths()))
            due += seconds


def _say(container_id: str, kind: str, data: dict[str, Any] | None) -> None:
    line = {"type": kind, "id": container_id, **({"data": data} if data is not None else {})}
    sys.stdout.write(json.dumps(line, separators=(",", ":")) + "\n")
    sys.stdout.flush()


def statistics(folders: dict[str, str]) -> dict[str, Any]:
    """Return what the files of a group say now; what the host does not count is 0 or left out."""
    unified = folders.get(UNIFIED, "")
    return {
        "cpu": _cpu_v1(folders) if "cpuacct" in folders else _cpu_v2(unified),
        "cpuset": {},
        "memory": _memory_v1(folders["memory"]) if "memory" in folders else _memory_v2(unified),
        "pids": _pids(folders.get("pids", unified)),
        "blkio": {},
        "hugetlb": {},
        "intel_rdt": {},
        "network_interfaces": None,
    }


def _cpu_v1(folders: dict[str, str]) -> dict[str, Any]:
    folder = folders["cpuacct"]
    ticks = _fields(f"{folder}/cpuacct.stat")
    throttled = _fields(f"{folders.get('cpu', folder)}/cpu.stat")
    usage = {
        "total": _number(f"{folder}/cpuacct.usage"),
        "percpu": [int(word) for word in _text(f"{folder}/cpuacct.usage_percpu").split()],
        "kernel": ticks.get("system", 0) * _NANOSECONDS,
        "user": ticks.get("user", 0) * _NANOSECONDS,
    }
    return {"usage": usage, "throttling": _throttling(throttled, throttled.get("throttled_time", 0))}


def _cpu_v2(folder: str) -> dict[str, Any]:
    found = _fields(f"{folder}/cpu.stat")
    usage = {name: found.get(f"{key}_usec", 0) * 1000 for name, key in _CPU_V2}
    return {"usage": usage, "throttling": _throttling(found, found.get("throttled_usec", 0) * 1000)}


_CPU_V2 = (("total", "usage"), ("kernel", "system"), ("user", "user"))


def _throttling(found: dict[str, int], nanoseconds: int) -> dict[str, int]:
    names = {"periods": "nr_periods", "throttledPeriods": "nr_throttled"}
    result = {name: found.get(key, 0) for name, key in names.items()}
    return {name: number for name, number in {**result, "throttledTime": nanoseconds}.items() if number}


def _memory_v1(folder: str) -> dict[str, Any]:
    kinds = {"usage": "", "swap": "memsw.", "kernel": "kmem.", "kernelTCP": "kmem.tcp."}
    result: dict[str, Any] = {name: _counter(f"{folder}/memory.{infix}") for name, infix in kinds.items()}
    result["raw"] = _fields(f"{folder}/memory.stat")
    result["cache"] = result["raw"].get("cache", 0)
    return {name: value for name, value in result.items() if value}


def _counter(prefix: str) -> dict[str, int]:
    files = {"limit": "limit_in_bytes", "usage": "usage_in_bytes", "max": "max_usage_in_bytes", "failcnt": "failcnt"}
    if not _text(f"{prefix}limit_in_bytes"):
        return {}
    return {name: _number(f"{prefix}{file}") for name, file in files.items()}


def _memory_v2(folder: str) -> dict[str, Any]:
    raw = _fields(f"{folder}/memory.stat")
    failures = _fields(f"{folder}/memory.events").get("max", 0)
    used = {"limit": _limit(f"{folder}/memory.max"), "usage": _number(f"{folder}/memory.current"), "failcnt": failures}
    swap = {"limit": _limit(f"{folder}/memory.swap.max"), "usage": _number(f"{folder}/memory.swap.current")}
    return {"usage": used, "swap": {**swap, "failcnt": 0}, "cache": raw.get("file", 0), "raw": raw}


def _pids(folder: str) -> dict[str, int]:
    found = {"current": _number(f"{folder}/pids.current"), "limit": _number(f"{folder}/pids.max")}
    return {name: number for name, number in found.items() if number}


def _limit(path: str) -> int:
    text = _text(path).strip()
    return int(text) if text.isdigit() else _NO_LIMIT


def _number(path: str) -> int:
    text = _text(path).strip()
    return int(text) if text.isdigit() else 0


def _fields(path: str) -> dict[str, int]:
    pairs = [line.split() for line in _text(path).splitlines()]
    return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].isdigit()}


def _text(path: str) -> str:
    try:
        with open(path, encoding="ascii") as file:
            return file.read()
    except OSError:  # the controller is missing, or the group has just gone
        return ""
