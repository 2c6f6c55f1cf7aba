"""`skiff version`, `skiff info` and `skiff restore`."""

from __future__ import annotations

import os
import sys

from . import opened, output
from .options import TEXT, Option, Usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..containers.catalog import Container
    from ..store import Store

VERSION = "0.1.0"
_FORMAT = (Option("format", "f", TEXT, "json, or a Go template such as {{.Version}}"),)
_VERSION = Usage("version", "[OPTIONS]", "Print the version", _FORMAT, 0, 0)
_INFO = Usage("info", "[OPTIONS]", "Print what this host has and can", _FORMAT, 0, 0)
_RESTORE = Usage("restore", "", "After a boot: start the containers that their restart policy wants", (), 0, 0)


def version(words: list[str]) -> int:
    """Print the versions that count for a bug report."""
    parsed = _VERSION.parse(words)
    kernel = os.uname()
    values = {
        "Version": VERSION,
        "PythonVersion": ".".join(str(part) for part in sys.version_info[:3]),
        "KernelVersion": kernel.release,
        "OS/Arch": f"{kernel.sysname.lower()}/{kernel.machine}",
    }
    return _show(values, parsed.format)


def info(words: list[str]) -> int:
    """Print counts of objects and what the kernel offers."""
    parsed = _INFO.parse(words)
    return _show(_facts(opened.store()), parsed.format)


def restore(words: list[str]) -> int:
    """Start what is to run after a boot; print the names."""
    from ..containers.restore import restore as engine

    _RESTORE.parse(words)
    failures: list[str] = []

    def failed(container: Container, error: Exception) -> None:
        failures.append(f"skiff: {container.name}: {error}\n")

    for container in engine(opened.store(), failed):
        sys.stdout.write(f"{container.name}\n")
    sys.stdout.flush()
    sys.stderr.write("".join(failures))
    return 1 if failures else 0


def _facts(store: Store) -> dict[str, Any]:
    from ..containers import catalog
    from ..linux.cgroups.hierarchy import detect

    states = [catalog.state(store, container).status for container in catalog.listing(store)]
    kernel = os.uname()
    return {
        "Containers": len(states),
        "ContainersRunning": states.count("running") + states.count("restarting"),
        "ContainersPaused": states.count("paused"),
        "ContainersStopped": len([status for status in states if status in ("created", "exited")]),
        "Images": _count(store, "images"),
        "Driver": "overlay2",
        "LoggingDriver": "json-file",
        "CgroupDriver": "cgroupfs",
        "CgroupVersion": detect().mode,
        "KernelVersion": kernel.release,
        "Architecture": kernel.machine,
        "NCPU": os.cpu_count() or 1,
        "MemTotal": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "Name": kernel.nodename,
        "SkiffRootDir": store.layout.root,
        "SkiffRunDir": store.layout.run,
        "ServerVersion": VERSION,
    }


def _count(store: Store, table: str) -> int:
    row = store.row(f"SELECT count(*) AS number FROM {table}")
    return int(row["number"]) if row else 0


def _show(values: dict[str, Any], template: str | None) -> int:
    if template == "json":
        output.write_lines([output.compact(values)])
    elif template:
        output.write_lines([output.render(template, values)])
    else:
        output.write_lines(f"{key}: {output.go_text(value)}" for key, value in values.items())
    return 0
