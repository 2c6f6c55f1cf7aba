"""The files of version 2, one function per controller: an OCI section in, files into the plan."""

from __future__ import annotations

from ...errors import InvalidSpec
from .hierarchy import SWAP

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .plan import Plan

_THROTTLE = (
    ("throttleReadBpsDevice", "rbps"),
    ("throttleWriteBpsDevice", "wbps"),
    ("throttleReadIOPSDevice", "riops"),
    ("throttleWriteIOPSDevice", "wiops"),
)
DEFAULT_PERIOD = 100_000  # microseconds; the kernel's


def cpu(wanted: dict[str, Any], plan: Plan) -> None:
    """Shares become a weight, quota and period one line; microseconds."""
    if wanted.get("shares"):
        plan.put("cpu.weight", weight_of_shares(wanted["shares"]))
    if wanted.get("quota") or wanted.get("period"):
        quota = wanted.get("quota") or 0
        plan.put("cpu.max", f"{quota if quota > 0 else 'max'} {wanted.get('period') or DEFAULT_PERIOD}")
    if wanted.get("burst"):
        plan.put("cpu.max.burst", wanted["burst"])
    if wanted.get("idle") is not None:
        plan.put("cpu.idle", wanted["idle"])
    if wanted.get("realtimeRuntime") or wanted.get("realtimePeriod"):
        plan.lacks("a real-time budget cannot be set: cgroup version 2 has none")


def weight_of_shares(shares: int) -> int:
    """Return cpu.weight (1 to 10000) for version 1's cpu.shares (2 to 262144).

    The curve through (2, 1), (1024, 100) and (262144, 10000), as runc 1.4 and crun 1.23 have it: a container with
    the default of one version has the default of the other.
    """
    if shares <= 2:
        return 1
    if shares >= 262_144:
        return 10_000
    from math import ceil, log2

    exponent = log2(shares)
    return ceil(10 ** ((exponent * exponent + 125 * exponent) / 612 - 7 / 34))


def cpuset(wanted: dict[str, Any], plan: Plan) -> None:
    """Processors and memory nodes, as lists such as 0-3,7."""
    for name in ("cpus", "mems"):
        if wanted.get(name):
            plan.put(f"cpuset.{name}", wanted[name])


def memory(wanted: dict[str, Any], plan: Plan) -> None:
    """Limits in bytes, -1 for none. Version 2 limits swap alone, OCI's `swap` is memory and swap together."""
    limit, swap = wanted.get("limit") or 0, wanted.get("swap") or 0
    if limit:
        plan.put("memory.max", limit if limit > 0 else "max")
    if swap or limit < 0:
        alone = _swap_alone(limit, swap)
        if SWAP in plan.features:
            plan.put(SWAP, alone)
        elif alone != "max":
            plan.lacks(f"{SWAP} cannot be set: this kernel does not count swap; boot it without swapaccount=0")
    if wanted.get("reservation"):
        plan.put("memory.low", wanted["reservation"] if wanted["reservation"] > 0 else "max")
    if wanted.get("swappiness") is not None:
        plan.lacks("memory swappiness cannot be set: cgroup version 2 has none per group")
    if wanted.get("disableOOMKiller"):
        plan.lacks("the OOM killer cannot be switched off: cgroup version 2 has no such switch")


def _swap_alone(limit: int, swap: int) -> int | str:
    if swap < 0 or limit < 0:
        return "max"
    if limit == 0:
        raise InvalidSpec(f"a limit of memory and swap together ({swap} bytes) needs a limit of memory as well")
    if swap < limit:
        raise InvalidSpec(
            f"the limit of memory and swap together ({swap} bytes) must not be below that of memory ({limit} bytes)"
        )
    return swap - limit


def pids(wanted: dict[str, Any], plan: Plan) -> None:
    """A number of tasks; 0 and less mean no limit."""
    if wanted.get("limit") is not None:
        plan.put("pids.max", wanted["limit"] if wanted["limit"] > 0 else "max")


def block_io(wanted: dict[str, Any], plan: Plan) -> None:
    """Weights, and rates per device in bytes or operations per second."""
    if wanted.get("weight"):
        # One of both files exists, after the scheduler that the kernel was built with; see `group.EITHER`.
        plan.put("io.bfq.weight", wanted["weight"])
        plan.put("io.weight", f"default {_io_weight(wanted['weight'])}")
    for device in wanted.get("weightDevice") or ():
        if device.get("weight"):
            numbers = f"{device['major']}:{device['minor']}"
            plan.put("io.bfq.weight", f"{numbers} {device['weight']}")
            plan.put("io.weight", f"{numbers} {_io_weight(device['weight'])}")
    for name, key in _THROTTLE:
        for device in wanted.get(name) or ():
            plan.put("io.max", f"{device['major']}:{device['minor']} {key}={device['rate']}")


def _io_weight(weight: int) -> int:
    """Return the weight of io.weight (1 to 10000) for one of 10 to 1000, as runc has it."""
    return 1 + (weight - 10) * 9999 // 990


def hugetlb(wanted: list[dict[str, Any]], plan: Plan) -> None:
    """Limits in bytes for each page size such as 2MB."""
    for entry in wanted:
        plan.put(f"hugetlb.{entry['pageSize']}.max", entry["limit"])
