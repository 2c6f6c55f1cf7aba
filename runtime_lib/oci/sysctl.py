"""Kernel parameters of a container (OCI linux.sysctl), written through a procfs of our own."""

from __future__ import annotations

import os

from ..errors import InvalidSpec
from ..linux import libc, mounts, pathwalk
from .report import Stage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_STRICT = libc.RESOLVE_BENEATH | libc.RESOLVE_NO_SYMLINKS | libc.RESOLVE_NO_MAGICLINKS | libc.RESOLVE_NO_XDEV


def planned(config: dict[str, Any]) -> list[tuple[str, str]]:
    """Return (file below /proc/sys, value). Which parameters are allowed is the engine's policy. Raises InvalidSpec."""
    wanted = (config.get("linux") or {}).get("sysctl") or {}
    return [(file_of(name), str(value)) for name, value in wanted.items()]


def file_of(name: str) -> str:
    """Return the file of a parameter: dots separate, or slashes where a name has dots in it (sysctl(8)).

    Raises InvalidSpec.
    """
    if "/" in name and ("." not in name or name.index("/") < name.index(".")):
        path = name
    else:
        path = name.translate({ord("."): "/", ord("/"): "."})
    parts = path.split("/")
    if len(parts) < 2 or not all(parts) or ".." in parts or "." in parts or not path.isprintable():
        raise InvalidSpec(f"sysctl {name!r}: give a name such as net.core.somaxconn")
    return path


def write(wanted: list[tuple[str, str]]) -> None:
    """Write parameters of the caller's namespaces. The procfs is a detached mount, so no path leads astray."""
    if not wanted:
        return
    with Stage("sysctl", "/proc/sys"):
        procfs = mounts.filesystem("proc", "proc")
    for path, value in wanted:
        with Stage("sysctl", f"/proc/sys/{path}"):
            descriptor = pathwalk.open_at(procfs, f"sys/{path}", os.O_WRONLY, 0, _STRICT)
            os.write(descriptor, value.encode())
            os.close(descriptor)
    os.close(procfs)
