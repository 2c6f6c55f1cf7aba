"""Whether this host can enforce the limits that a user asks for."""

from __future__ import annotations

import os

from ..errors import HostLacks
from . import apparmor, other_runtime
from .devices import by_device
from .resources import block_devices, limits
from .spec import ContainerSpec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .parts import Ulimit

_CPUS, _NODES = "/sys/devices/system/cpu/online", "/sys/devices/system/node/online"
_MOST = 65536  # of processors: a text must not make us count for ever
_NOWHERE = "0:0"  # in place of a device's numbers, where only the file counts that a limit is written to


def check(spec: ContainerSpec) -> None:
    """Raise HostLacks for a limit that was asked for and would be none here; Docker drops it with a warning.

    Also for an OCI runtime or a profile of AppArmor that is not here.
    """
    other_runtime.program(spec)
    apparmor.check(spec)
    wanted = asked(spec)
    if not wanted:
        return
    for what, requested, path in (("CPUs", spec.cpuset_cpus, _CPUS), ("memory nodes", spec.cpuset_mems, _NODES)):
        if requested and os.path.exists(path):
            with open(path, encoding="ascii") as file:
                check_available(what, requested, file.read().strip())
    from ..linux.cgroups.hierarchy import detect
    from ..linux.cgroups.limits import unsupported

    lacking = list(dict.fromkeys(unsupported(wanted, detect())))
    if lacking:
        raise HostLacks(f"{'; '.join(lacking)}. Change the host, or leave that limit out")


def check_available(what: str, requested: str, available: str) -> None:
    """Raise HostLacks, in Docker's words, for a list such as 0-2,7 that is not within another one. Pure."""
    if not _numbers(requested) <= _numbers(available):
        raise HostLacks(f"requested {what} are not available: requested {requested}, available {available}")


def _numbers(text: str) -> set[int]:
    ranges = [part.partition("-")[::2] for part in text.split(",")]
    return {number for first, last in ranges for number in (int(first), *_below(int(first), int(last or first)))}


def _below(first: int, last: int) -> range:
    return range(first, min(last, first + _MOST) + 1)


def asked(spec: ContainerSpec) -> dict[str, Any]:
    """Return the part of `linux.resources` that stems from the user, without what is there by default. Pure."""
    wanted = limits(spec)
    if spec.pids_limit is None:
        del wanted["pids"]
    if not spec.memory_swap:
        wanted.get("memory", {}).pop("swap", None)
    devices = block_devices(spec, {one.path: _NOWHERE for one in by_device(spec)})
    if devices:
        wanted.setdefault("blockIO", {}).update(devices)
    return wanted


def capped(spec: ContainerSpec) -> list[str]:
    """Return a sentence for each ulimit that is above what this process may give; the container gets that instead."""
    if not spec.ulimits:
        return []
    from ..linux.rlimits import most

    return [sentence for limit in spec.ulimits for sentence in _capped(limit, most(f"RLIMIT_{limit.name.upper()}"))]


def _capped(limit: Ulimit, most: int) -> list[str]:
    if most < 0 or 0 <= limit.hard <= most:
        return []
    wanted = "unlimited" if limit.hard < 0 else limit.hard
    return [f"ulimit {limit.name}: {wanted} is more than this host lets us give; the container gets {most}"]
