"""A description's limits as OCI `linux.resources` and `process.rlimits`. Pure."""

from __future__ import annotations

from ..errors import InvalidSpec
from ..patterns import Pattern
from . import profile
from .spec import ContainerSpec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .devices import HostDevice
    from .parts import Throttle

LIMITS = ("memory", "cpu", "pids", "blockIO")  # the sections that `limits` fills
PERIOD = 100_000  # microseconds; the period in which `cpus` is counted
UNLIMITED = (1 << 64) - 1
_RULE = Pattern(r"([acb]) ([0-9]+|\*):([0-9]+|\*) ([rwm]{1,3})\Z")


def resources(spec: ContainerSpec, devices: tuple[HostDevice, ...], throttled: dict[str, str]) -> dict[str, Any]:
    """Return OCI `linux.resources`. `throttled` maps the path of a throttled device to `major:minor`."""
    result = limits(spec)
    result["devices"] = device_rules(spec, devices)
    by_device = block_devices(spec, throttled)
    if by_device:
        result.setdefault("blockIO", {}).update(by_device)
    return result


def limits(spec: ContainerSpec) -> dict[str, Any]:
    """Return the part of `linux.resources` that may change while the container runs."""
    sections = {
        "memory": _memory(spec),
        "cpu": _cpu(spec),
        "pids": {"limit": profile.PIDS_LIMIT if spec.pids_limit is None else spec.pids_limit or -1},
        "blockIO": {"weight": spec.blkio_weight} if spec.blkio_weight else {},
    }
    return {name: section for name, section in sections.items() if section}


def rlimits(spec: ContainerSpec) -> list[dict[str, Any]]:
    """Return OCI `process.rlimits`; -1 is no limit. The runtime caps them at what this host lets it give."""
    return [
        {"type": f"RLIMIT_{limit.name.upper()}", "soft": limit.soft & UNLIMITED, "hard": limit.hard & UNLIMITED}
        for limit in spec.ulimits
    ]


def device_rules(spec: ContainerSpec, devices: tuple[HostDevice, ...]) -> list[dict[str, Any]]:
    """Return the device policy: nothing but the harmless devices and those that the user gave."""
    if spec.privileged:
        return [{"allow": True, "access": "rwm"}]
    rules = [{"allow": False, "access": "rwm"}]
    rules += [_rule(*rule) for rule in profile.DEVICE_RULES]
    rules += [_rule(device.kind, device.major, device.minor, device.permissions) for device in devices]
    return rules + [_parse_rule(text) for text in spec.device_cgroup_rules]


def _rule(kind: str, major: int | None, minor: int | None, access: str) -> dict[str, Any]:
    rule: dict[str, Any] = {"allow": True, "type": kind, "access": access}
    if major is not None:
        rule["major"] = major
    if minor is not None:
        rule["minor"] = minor
    return rule


def _parse_rule(text: str) -> dict[str, Any]:
    found = _RULE.match(text)
    if not found:
        raise InvalidSpec(f"device_cgroup_rules: {text!r} is not of the form 'c 42:* rmw'")
    numbers = [None if word == "*" else int(word) for word in found.group(2, 3)]
    return _rule(found[1], numbers[0], numbers[1], found[4])


def _memory(spec: ContainerSpec) -> dict[str, Any]:
    memory: dict[str, Any] = {}
    if spec.memory:
        memory["limit"] = spec.memory
        memory["swap"] = spec.memory_swap or spec.memory * 2  # Docker's default: as much swap as memory
    if spec.memory_reservation:
        memory["reservation"] = spec.memory_reservation
    if spec.memory_swappiness not in (None, -1):
        memory["swappiness"] = spec.memory_swappiness
    if spec.oom_kill_disable:
        memory["disableOOMKiller"] = True
    return memory


def _cpu(spec: ContainerSpec) -> dict[str, Any]:
    cpu: dict[str, Any] = {}
    if spec.cpus:
        cpu["period"], cpu["quota"] = PERIOD, round(spec.cpus * PERIOD)
    if spec.cpu_period:
        cpu["period"] = spec.cpu_period
    if spec.cpu_quota:
        cpu["quota"] = spec.cpu_quota
    for key, value in (
        ("shares", spec.cpu_shares),
        ("realtimePeriod", spec.cpu_rt_period),
        ("realtimeRuntime", spec.cpu_rt_runtime),
        ("cpus", spec.cpuset_cpus),
        ("mems", spec.cpuset_mems),
    ):
        if value:
            cpu[key] = value
    return cpu


def block_devices(spec: ContainerSpec, numbers: dict[str, str]) -> dict[str, Any]:
    """Return the part of OCI `blockIO` that names devices; `numbers` maps their paths to `major:minor`."""
    groups: tuple[tuple[str, tuple[Throttle, ...]], ...] = (
        ("throttleReadBpsDevice", spec.device_read_bps),
        ("throttleWriteBpsDevice", spec.device_write_bps),
        ("throttleReadIOPSDevice", spec.device_read_iops),
        ("throttleWriteIOPSDevice", spec.device_write_iops),
    )
    result = {}
    for key, throttles in groups:
        if throttles:
            result[key] = [_by_device(numbers[one.path], "rate", one.rate) for one in throttles]
    if spec.blkio_weight_device:
        weights = spec.blkio_weight_device
        result["weightDevice"] = [_by_device(numbers[one.path], "weight", one.rate) for one in weights]
    return result


def _by_device(number: str, what: str, value: int) -> dict[str, int]:
    major, _unused, minor = number.partition(":")
    return {"major": int(major), "minor": int(minor), what: value}
