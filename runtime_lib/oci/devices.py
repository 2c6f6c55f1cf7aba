"""The device nodes of a container (OCI config-linux.md "Default Devices", "Devices")."""

from __future__ import annotations

import errno
import os
import stat

from ..errors import InvalidSpec
from ..linux import libc, mounts
from . import mountpoint
from .report import Stage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..linux.saferoot import SafeRoot

_DEFAULT = (
    ("null", 1, 3),
    ("zero", 1, 5),
    ("full", 1, 7),
    ("random", 1, 8),
    ("urandom", 1, 9),
    ("tty", 5, 0),
)
_LINKS = (
    ("fd", "/proc/self/fd"),
    ("stdin", "/proc/self/fd/0"),
    ("stdout", "/proc/self/fd/1"),
    ("stderr", "/proc/self/fd/2"),
    ("ptmx", "pts/ptmx"),
)
_TYPES = {"c": stat.S_IFCHR, "u": stat.S_IFCHR, "b": stat.S_IFBLK, "p": stat.S_IFIFO}
# What a device policy must always allow (config-linux.md); mknod of everything is harmless, as opening is not allowed.
_RULES = (
    ("c", -1, -1, "m"), ("b", -1, -1, "m"), ("c", 1, 3, "rwm"), ("c", 1, 8, "rwm"), ("c", 1, 7, "rwm"),
    ("c", 5, 0, "rwm"), ("c", 1, 5, "rwm"), ("c", 1, 9, "rwm"), ("c", 136, -1, "rwm"), ("c", 5, 2, "rwm"),
)  # fmt: skip


class Device:
    """One node to be made; `path` is absolute in the container."""

    __slots__ = ("gid", "major", "minor", "mode", "path", "uid")

    def __init__(self, path: str, mode: int, major: int, minor: int, uid: int = 0, gid: int = 0) -> None:
        self.path = path
        self.mode = mode
        self.major = major
        self.minor = minor
        self.uid = uid
        self.gid = gid


def planned(config: dict[str, Any]) -> list[Device]:
    """Return the default devices and those of linux.devices. Raises InvalidSpec."""
    nodes = [Device(f"/dev/{name}", stat.S_IFCHR | 0o666, major, minor) for name, major, minor in _DEFAULT]
    return nodes + [_device(entry) for entry in (config.get("linux") or {}).get("devices") or ()]


def resources(config: dict[str, Any]) -> dict[str, Any]:
    """Return linux.resources, whose device rules, if there are any, allow the default devices."""
    section: dict[str, Any] = (config.get("linux") or {}).get("resources") or {}
    if not section.get("devices"):
        return section
    allowed = [{"allow": True, "type": kind, "major": a, "minor": b, "access": text} for kind, a, b, text in _RULES]
    return {**section, "devices": [*section["devices"], *allowed]}


def wanted(config: dict[str, Any]) -> bool:
    """Whether /dev is the container's own, to be filled; not when somebody else's /dev is mounted there."""
    return not any(
        (entry.get("destination") or "").rstrip("/") == "/dev"
        and (entry.get("type") == "bind" or {"bind", "rbind"} & set(entry.get("options") or ()))
        for entry in config.get("mounts") or ()
    )


def make(root: SafeRoot, nodes: list[Device], by_bind: bool) -> None:
    """Make nodes and links in the tree; `by_bind` mounts the host's nodes instead, where mknod(2) is not allowed."""
    for node in nodes:
        with Stage("device", node.path):
            (_bind if by_bind else _mknod)(root, node)
    folder = root.folder("/dev")
    try:
        for name, target in _LINKS:
            _link(folder, name, target)
        if os.path.exists("/proc/kcore"):  # as runc has it; masked afterwards
            _link(folder, "core", "/proc/kcore")
    finally:
        os.close(folder)


def _device(entry: dict[str, Any]) -> Device:
    path = entry.get("path") or ""
    kind = entry.get("type")
    if kind not in _TYPES or not path.startswith("/") or path.rstrip("/.") == "" or "\0" in path:
        raise InvalidSpec(f"device {path!r} of type {kind!r}: give an absolute path and one of the types c, u, b, p")
    mode = entry.get("fileMode")
    permissions = 0o666 if mode is None else mode & 0o7777
    numbers = (entry.get("major") or 0, entry.get("minor") or 0)
    return Device(path, _TYPES[kind] | permissions, *numbers, entry.get("uid") or 0, entry.get("gid") or 0)


def _mknod(root: SafeRoot, node: Device) -> None:
    folder, name = root.parent(node.path, 0o755)
    try:
        number = os.makedev(node.major, node.minor)
        try:
            os.mknod(name, node.mode, number, dir_fd=folder)
        except FileExistsError:
            status = os.stat(name, dir_fd=folder, follow_symlinks=False)
            if stat.S_IFMT(status.st_mode) != stat.S_IFMT(node.mode) or status.st_rdev != number:
                raise
        os.chown(name, node.uid, node.gid, dir_fd=folder, follow_symlinks=False)
    finally:
        os.close(folder)


def _bind(root: SafeRoot, node: Device) -> None:
    source = _host_node(node)
    target = mountpoint.opened(root, node.path, folder=False)
    try:
        mount = mounts.clone(source)
        libc.move_mount(mount, target)
        os.close(mount)
    finally:
        os.close(source)
        os.close(target)


def _host_node(node: Device) -> int:
    """Return the host's node of a device, which may have another name there. Raises OSError."""
    number = os.makedev(node.major, node.minor)
    for path in (node.path, _known_as(node)):
        try:
            found = os.open(path, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
        except (FileNotFoundError, NotADirectoryError):
            continue
        status = os.fstat(found)
        if stat.S_IFMT(status.st_mode) == stat.S_IFMT(node.mode) and status.st_rdev == number:
            return found
        os.close(found)
    raise FileNotFoundError(errno.ENOENT, f"the host has no node of device {node.major}:{node.minor}", node.path)


def _known_as(node: Device) -> str:
    """Return the path that the kernel has for a device, from sysfs."""
    kind = "block" if stat.S_ISBLK(node.mode) else "char"
    try:
        with open(f"/sys/dev/{kind}/{node.major}:{node.minor}/uevent", encoding="ascii") as file:
            names = [line.strip()[8:] for line in file if line.startswith("DEVNAME=")]
    except FileNotFoundError:
        names = []
    return f"/dev/{names[0]}" if names else node.path


def _link(folder: int, name: str, target: str) -> None:
    try:
        os.symlink(target, name, dir_fd=folder)
    except FileExistsError:
        return  # the image's own /dev
