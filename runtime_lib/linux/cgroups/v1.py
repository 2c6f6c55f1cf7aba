"""The files of version 1, one function per controller: an OCI section in, files into the plan."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .plan import Plan

_CPU = (
    ("shares", "cpu.shares"),
    ("period", "cpu.cfs_period_us"),  # before the quota: a new period decides whether the quota is within its bounds
    ("quota", "cpu.cfs_quota_us"),
    ("burst", "cpu.cfs_burst_us"),
    ("realtimePeriod", "cpu.rt_period_us"),
    ("realtimeRuntime", "cpu.rt_runtime_us"),
)
_THROTTLE = (
    ("throttleReadBpsDevice", "blkio.throttle.read_bps_device"),
    ("throttleWriteBpsDevice", "blkio.throttle.write_bps_device"),
    ("throttleReadIOPSDevice", "blkio.throttle.read_iops_device"),
    ("throttleWriteIOPSDevice", "blkio.throttle.write_iops_device"),
)
MEMSW = "memory.memsw.limit_in_bytes"
BFQ = "blkio.bfq.io_serviced"  # also the root has it, unlike the weights


def cpu(wanted: dict[str, Any], plan: Plan) -> None:
    """Shares, quota and period in microseconds, real-time budget, idle."""
    for name, file in _CPU:
        if wanted.get(name):
            plan.put(file, wanted[name])
    if wanted.get("idle") is not None:
        plan.put("cpu.idle", wanted["idle"])


def cpuset(wanted: dict[str, Any], plan: Plan) -> None:
    """Processors and memory nodes, as lists such as 0-3,7."""
    for name in ("cpus", "mems"):
        if wanted.get(name):
            plan.put(f"cpuset.{name}", wanted[name])


def memory(wanted: dict[str, Any], plan: Plan) -> None:
    """Limits in bytes, -1 for none; `swap` is memory and swap together."""
    if wanted.get("limit"):
        plan.put("memory.limit_in_bytes", wanted["limit"])
    if wanted.get("swap"):
        if MEMSW in plan.features:
            plan.put(MEMSW, wanted["swap"])
        elif wanted["swap"] > 0:
            plan.lacks(f"{MEMSW} cannot be set: this kernel does not count swap; boot with swapaccount=1")
    if wanted.get("reservation"):
        plan.put("memory.soft_limit_in_bytes", wanted["reservation"])
    if wanted.get("kernelTCP"):
        plan.put("memory.kmem.tcp.limit_in_bytes", wanted["kernelTCP"])
    if wanted.get("swappiness") is not None:
        plan.put("memory.swappiness", wanted["swappiness"])
    if wanted.get("disableOOMKiller"):
        plan.put("memory.oom_control", 1)


def pids(wanted: dict[str, Any], plan: Plan) -> None:
    """A number of tasks; 0 and less mean no limit."""
    if wanted.get("limit") is not None:
        plan.put("pids.max", wanted["limit"] if wanted["limit"] > 0 else "max")


def block_io(wanted: dict[str, Any], plan: Plan) -> None:
    """Weights, and rates per device in bytes or operations per second."""
    weights = [("blkio.bfq.weight", wanted["weight"])] if wanted.get("weight") else []
    for device in wanted.get("weightDevice") or ():
        if device.get("weight"):
            weights.append(("blkio.bfq.weight_device", f"{device['major']}:{device['minor']} {device['weight']}"))
    for file, text in weights:
        if BFQ in plan.features:
            plan.put(file, text)
        else:
            plan.lacks(f"{file} cannot be set: this kernel has not loaded the I/O scheduler BFQ (modprobe bfq)")
    for name, file in _THROTTLE:
        for device in wanted.get(name) or ():
            plan.put(file, f"{device['major']}:{device['minor']} {device['rate']}")


def hugetlb(wanted: list[dict[str, Any]], plan: Plan) -> None:
    """Limits in bytes for each page size such as 2MB."""
    for entry in wanted:
        plan.put(f"hugetlb.{entry['pageSize']}.limit_in_bytes", entry["limit"])


def rdma(wanted: dict[str, dict[str, int]], plan: Plan) -> None:
    """Handles and objects per RDMA device; the same file in both versions."""
    for device, entry in wanted.items():
        words = [device]
        if entry.get("hcaHandles") is not None:
            words.append(f"hca_handle={entry['hcaHandles']}")
        if entry.get("hcaObjects") is not None:
            words.append(f"hca_object={entry['hcaObjects']}")
        plan.put("rdma.max", " ".join(words))


def net_cls(wanted: dict[str, Any], plan: Plan) -> None:
    """The class that packets are tagged with."""
    if wanted.get("classID"):
        plan.put("net_cls.classid", wanted["classID"])


def net_prio(wanted: dict[str, Any], plan: Plan) -> None:
    """Priorities per interface."""
    for entry in wanted.get("priorities") or ():
        plan.put("net_prio.ifpriomap", f"{entry['name']} {entry['priority']}")


def devices(wanted: list[dict[str, Any]], plan: Plan) -> None:
    """Device rules, in their order: the kernel keeps what the last matching one says."""
    for rule in wanted:
        file = "devices.allow" if rule["allow"] else "devices.deny"
        for text in _device_rules(rule):
            plan.put(file, text)


def _device_rules(rule: dict[str, Any]) -> list[str]:
    kind, access = rule.get("type") or "a", rule.get("access") or "rwm"
    numbers = [rule.get("major"), rule.get("minor")]
    major, minor = ["*" if number is None or number < 0 else str(number) for number in numbers]
    if kind != "a":
        return [f"{kind} {major}:{minor} {access}"]
    if (major, minor) == ("*", "*") and set(access) == set("rwm"):
        return ["a"]
    # The kernel reads the letter `a` as "everything" and drops the rest of the line.
    return [f"{letter} {major}:{minor} {access}" for letter in "bc"]
