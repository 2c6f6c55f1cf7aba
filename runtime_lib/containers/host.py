"""What there is on a host, and what it can: the shape of the Engine API's `GET /info`, as far as it has a meaning."""

from __future__ import annotations

import os
import platform

from ..errors import SkiffError
from ..linux.cgroups.hierarchy import detect
from ..networks import pools
from ..networks.driver import NAMES as NETWORK_DRIVERS
from ..store import Store
from . import apparmor, catalog

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

VERSION = "0.1.0"
LOG_DRIVERS = ("journald", "json-file", "local", "none", "syslog")


def facts(store: Store) -> dict[str, Any]:
    """Return counts of objects, the kernel and what it offers, and where everything lies."""
    states = [catalog.state(store, container).status for container in catalog.listing(store)]
    kernel = os.uname()
    hierarchy = detect()
    chosen, warnings = _pools(store)
    return {
        "Containers": len(states),
        "ContainersRunning": states.count("running") + states.count("restarting"),
        "ContainersPaused": states.count("paused"),
        "ContainersStopped": len([status for status in states if status in ("created", "exited")]),
        "Images": _count(store, "images"),
        "Driver": "overlay2",
        "Plugins": {
            "Volume": ["local"],
            "Network": sorted([*NETWORK_DRIVERS, "host", "null"]),
            "Log": list(LOG_DRIVERS),
        },
        "LoggingDriver": "json-file",
        "CgroupDriver": "cgroupfs",
        "CgroupVersion": "2" if hierarchy.mode == "v2" else "1",
        "CgroupMode": hierarchy.mode,
        "MemoryLimit": _has("memory"),
        "SwapLimit": _has("memory"),
        "CpuCfsPeriod": _has("cpu"),
        "CpuCfsQuota": _has("cpu"),
        "CPUSet": _has("cpuset"),
        "PidsLimit": _has("pids"),
        "KernelVersion": kernel.release,
        "OperatingSystem": _distribution(),
        "OSType": "linux",
        "Architecture": kernel.machine,
        "NCPU": os.cpu_count() or 1,
        "MemTotal": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "Name": kernel.nodename,
        "PythonVersion": platform.python_version(),
        "Runtimes": {"skiff": {"path": "skiff-oci"}},
        "DefaultRuntime": "skiff",
        "SecurityOptions": [*_apparmor(), "name=seccomp,profile=default"],
        "SkiffRootDir": store.layout.root,
        "SkiffRunDir": store.layout.run,
        "ServerVersion": VERSION,
        "DefaultAddressPools": chosen or None,
        "Warnings": warnings or None,
    }


def _pools(store: Store) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the address pools of the host's file, and what is wrong with it."""
    try:
        return pools.described(pools.of_host(store.layout)), []
    except (SkiffError, OSError) as error:
        return [], [str(error)]


def _has(controller: str) -> bool:
    return detect().version(controller) > 0


def _apparmor() -> list[str]:
    return ["name=apparmor"] if apparmor.confines() else []


def _distribution() -> str:
    try:
        with open("/etc/os-release", encoding="utf-8", errors="replace") as file:
            lines = dict(line.rstrip("\n").split("=", 1) for line in file if "=" in line)
    except FileNotFoundError:
        return "Linux"
    return lines.get("PRETTY_NAME", "Linux").strip("\"'")


def _count(store: Store, table: str) -> int:
    row = store.row(f"SELECT count(*) AS number FROM {table}")
    return int(row["number"]) if row else 0
