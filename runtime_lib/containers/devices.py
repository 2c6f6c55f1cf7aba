"""The host's devices that a container gets."""

from __future__ import annotations

import os
import stat

from ..errors import InvalidSpec
from ..records import dataclass
from .spec import ContainerSpec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from .parts import Throttle

# What /dev of every container has already, or what is the host's alone.
_OWN = ("pts", "shm", "fd", "mqueue", "console", "ptmx", "tty", "null", "zero", "full", "random", "urandom", "core",
        ".lxc", ".lxd-mounts", ".udev")  # fmt: skip


@dataclass(frozen=True)
class HostDevice:
    """One device node; `path` is where the container finds it."""

    path: str
    kind: str
    major: int
    minor: int
    mode: int
    uid: int
    gid: int
    permissions: str = "rwm"


def resolve(spec: ContainerSpec) -> tuple[HostDevice, ...]:
    """Return the devices that `spec` names, all of /dev when it is privileged; a folder gives all devices in it.

    Raises InvalidSpec for a path that is no device.
    """
    found: dict[str, HostDevice] = {}
    if spec.privileged:
        for device in _folder("/dev", "/dev", "rwm", _OWN):
            found[device.path] = device
    for wanted in spec.devices:
        for device in _resolve(wanted.source, wanted.target, wanted.permissions):
            found[device.path] = device
    return tuple(found.values())


def throttled(spec: ContainerSpec) -> dict[str, str]:
    """Return {path: "major:minor"} of the block devices that have a rate or a weight. Raises InvalidSpec."""
    numbers = {}
    for throttle in by_device(spec):
        device = _device(throttle.path, throttle.path, "r")
        if device is None or device.kind != "b":
            raise InvalidSpec(f"device rate: {throttle.path} is not a block device of this host")
        numbers[throttle.path] = f"{device.major}:{device.minor}"
    return numbers


def by_device(spec: ContainerSpec) -> tuple[Throttle, ...]:
    """Return every rate and every weight of a block device."""
    rates = spec.device_read_bps + spec.device_write_bps + spec.device_read_iops + spec.device_write_iops
    return rates + spec.blkio_weight_device


def _resolve(source: str, target: str, permissions: str) -> list[HostDevice]:
    device = _device(source, target, permissions)
    if device:
        return [device]
    devices = list(_folder(os.path.realpath(source), target, permissions)) if os.path.isdir(source) else []
    if not devices:
        raise InvalidSpec(f"device {source} does not exist on this host, or is not a device")
    return devices


def _folder(folder: str, target: str, permissions: str, skip: tuple[str, ...] = ()) -> Iterator[HostDevice]:
    with os.scandir(folder) as entries:
        names = sorted(entry.name for entry in entries if entry.name not in skip)
    for name in names:
        path, inside = f"{folder}/{name}", f"{target}/{name}"
        if os.path.isdir(path) and not os.path.islink(path):
            yield from _folder(path, inside, permissions)
        else:
            device = None if os.path.islink(path) else _device(path, inside, permissions)
            if device:
                yield device


def _device(source: str, target: str, permissions: str) -> HostDevice | None:
    try:
        status = os.stat(source)
    except OSError:
        return None
    kind = {stat.S_IFCHR: "c", stat.S_IFBLK: "b"}.get(stat.S_IFMT(status.st_mode))
    if kind is None:
        return None
    numbers = os.major(status.st_rdev), os.minor(status.st_rdev)
    return HostDevice(target, kind, *numbers, stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid, permissions)
