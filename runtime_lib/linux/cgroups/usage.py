"""What a group uses now, in one vocabulary for both versions."""

from __future__ import annotations

import os

from .hierarchy import UNIFIED

_NO_LIMIT = 1 << 62  # version 1 writes "no limit" as the largest page-aligned number


def read(folders: dict[str, str]) -> dict[str, int]:
    """Return `cpu` (ns), `memory`, `cache` and `memory_limit` (bytes), `pids` and `pids_limit`, `block_read` and
    `block_written` (bytes); a limit of 0 is none.

    `memory` is without the page cache that the kernel can drop at once, as `docker stats` has it. A controller that
    the host lacks is left out. Files that vanish with the group count as 0.
    """
    v2 = folders.get(UNIFIED, "")
    result: dict[str, int] = {}
    if "cpuacct" in folders:
        result["cpu"] = _number(f"{folders['cpuacct']}/cpuacct.usage")
    elif v2:
        result["cpu"] = _field(f"{v2}/cpu.stat", "usage_usec") * 1000
    if "memory" in folders:
        _memory(result, folders["memory"], "memory.usage_in_bytes", "memory.limit_in_bytes", "total_inactive_file")
    elif os.path.exists(f"{v2}/memory.current"):
        _memory(result, v2, "memory.current", "memory.max", "inactive_file")
    pids = folders.get("pids", v2)
    if os.path.exists(f"{pids}/pids.current"):
        result["pids"] = _number(f"{pids}/pids.current")
        result["pids_limit"] = _number(f"{pids}/pids.max")
    _block_io(result, folders.get("blkio", ""), v2)
    return result


def oom_kills(folders: dict[str, str]) -> int:
    """Return how many processes the kernel has killed for lack of memory, 0 where nobody counts them."""
    if "memory" in folders:
        return _field(f"{folders['memory']}/memory.oom_control", "oom_kill")
    return _field(f"{folders.get(UNIFIED, '')}/memory.events", "oom_kill")


def _memory(result: dict[str, int], folder: str, used: str, limit: str, droppable: str) -> None:
    result["cache"] = _field(f"{folder}/memory.stat", droppable)
    result["memory"] = max(_number(f"{folder}/{used}") - result["cache"], 0)
    most = _number(f"{folder}/{limit}")
    result["memory_limit"] = 0 if most > _NO_LIMIT else most


def _block_io(result: dict[str, int], v1: str, v2: str) -> None:
    """Sum up what all devices read and wrote: what the scheduler has counted, or what the limiter has."""
    for name in ("blkio.bfq.io_service_bytes_recursive", "blkio.throttle.io_service_bytes_recursive"):
        words = [line.split() for line in _read(f"{v1}/{name}").splitlines()] if v1 else []
        for key, what in (("block_read", "Read"), ("block_written", "Write")):
            amount = sum(int(line[2]) for line in words if len(line) == 3 and line[1] == what)
            result[key] = max(result.get(key, 0), amount)
    if not v1 and os.path.exists(f"{v2}/io.stat"):
        entries = [word.partition("=") for word in _read(f"{v2}/io.stat").split()]
        for key, what in (("block_read", "rbytes"), ("block_written", "wbytes")):
            result[key] = sum(int(value) for name, _unused, value in entries if name == what)


def _number(path: str) -> int:
    text = _read(path).strip()
    return int(text) if text.isdigit() else 0


def _field(path: str, name: str) -> int:
    for line in _read(path).splitlines():
        key, _unused, value = line.partition(" ")
        if key == name:
            return int(value)
    return 0


def _read(path: str) -> str:
    try:
        with open(path, encoding="ascii") as file:
            return file.read()
    except FileNotFoundError:
        return ""
