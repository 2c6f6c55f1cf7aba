"""The budget of real-time tasks in version 1 (Documentation/scheduler/sched-rt-group.rst): a group has what is given
to it, new ones have nothing, and all children together get at most what their parent has.
"""

from __future__ import annotations

import errno
import os

from ...errors import HostLacks
from . import fs

RUNTIME = "cpu.rt_runtime_us"
_PERIOD = "cpu.rt_period_us"


def allow(folder: str, wanted: int) -> None:
    """Give the group above `folder` the budget that its children and the one of `folder`, `wanted` us, need together.

    Raises HostLacks where the host has not got as much left.
    """
    if not os.path.exists(f"{folder}/{RUNTIME}"):
        raise HostLacks("a real-time budget cannot be given: this kernel has none (CONFIG_RT_GROUP_SCHED)")
    above = os.path.dirname(folder)
    needed = share_needed(_children(above, folder), (wanted, int(fs.read(f"{folder}/{_PERIOD}"))))
    period, present = int(fs.read(f"{above}/{_PERIOD}")), int(fs.read(f"{above}/{RUNTIME}"))
    if 0 <= present < needed * period:
        try:
            fs.write(f"{above}/{RUNTIME}", str(min(int(needed * period) + 1, period)))
        except OSError as error:
            if error.errno != errno.EINVAL:
                raise
            raise HostLacks(
                f"a real-time budget of {wanted} microseconds cannot be given: {above} has not got as much left"
            ) from error


def share_needed(children: list[tuple[int, int]], wanted: tuple[int, int]) -> float:
    """Return which part of the time (runtime, period) pairs need together. Pure."""
    return sum(runtime / period for runtime, period in [*children, wanted] if runtime > 0)


def _children(above: str, folder: str) -> list[tuple[int, int]]:
    others = [entry.path for entry in os.scandir(above) if entry.is_dir() and entry.path != folder]
    found = []
    for path in others:
        try:
            found.append((int(fs.read(f"{path}/{RUNTIME}")), int(fs.read(f"{path}/{_PERIOD}"))))
        except OSError as error:
            if error.errno not in (errno.ENOENT, errno.ENODEV):
                raise
    return found
