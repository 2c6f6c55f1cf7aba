"""Where the control groups of this host are: each controller's mount, and where we are in it (cgroups(7))."""

from __future__ import annotations

import os

from ...errors import HostLacks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

UNIFIED = "unified"  # the key of the version 2 hierarchy among the names of version 1's controllers
SWAP = "memory.swap.max"
CONTROLLERS = (
    "cpu", "cpuacct", "cpuset", "memory", "devices", "freezer", "blkio", "pids", "hugetlb", "net_cls", "net_prio",
    "perf_event", "rdma", "misc",
)  # fmt: skip


class Hierarchy:
    """What is mounted.

    `mode` is "v1", "v2", or "hybrid" (version 1 controllers, and a version 2 tree that has few or none).
    `mounts` maps each version 1 controller, each named hierarchy ("name=systemd") and UNIFIED to its mount point.
    `own` maps the same keys to our own group, relative to the mount point.
    `v2_controllers` are those that the version 2 tree has; `features` are files that not every
    kernel has.
    """

    __slots__ = ("features", "mode", "mounts", "own", "v2_controllers")

    def __init__(
        self,
        mounts: dict[str, str],
        own: dict[str, str],
        v2_controllers: Iterable[str] = (),
        features: Iterable[str] = (),
    ) -> None:
        self.mounts = mounts
        self.own = own
        self.v2_controllers = frozenset(v2_controllers)
        self.features = frozenset(features)
        v1 = [name for name in mounts if name != UNIFIED and "=" not in name]
        self.mode = ("hybrid" if v1 else "v2") if UNIFIED in mounts else "v1"

    def version(self, controller: str) -> int:
        """Return which version's files control it: 1, 2, or 0 where the host lacks it. `blkio` is `io` in version 2."""
        if controller in self.mounts:
            return 1
        return 2 if {"blkio": "io"}.get(controller, controller) in self.v2_controllers else 0

    def folder(self, key: str, path: str) -> str:
        """Return the folder of group `path` below the root of one hierarchy."""
        return f"{self.mounts[key]}{path}".rstrip("/")


def detect() -> Hierarchy:
    """Return what this host has. Raises HostLacks when no cgroup file system is mounted."""
    mounts, roots = parse_mounts(_read("/proc/self/mountinfo"))
    if not mounts:
        raise HostLacks(
            "no cgroup file system is mounted: boot with an init system that mounts /sys/fs/cgroup, "
            "or run `mount -t cgroup2 none /sys/fs/cgroup`"
        )
    own = parse_own(_read("/proc/self/cgroup"), roots)
    v2 = controllers(mounts[UNIFIED]) if UNIFIED in mounts else []
    return Hierarchy(mounts, own, v2, _features(mounts, v2))


def controllers(top: str) -> list[str]:
    """Return the controllers that groups below the version 2 folder `top`, where it is mounted, can have.

    A cgroup namespace may begin at a group with processes: that gives its children no others than they have already
    (cgroups(7), "no internal processes"). The real root, which has no type, may have processes.
    """
    busy = os.path.exists(f"{top}/cgroup.type") and _read(f"{top}/cgroup.procs").strip()
    return _read(f"{top}/cgroup.{'subtree_control' if busy else 'controllers'}").split()


def counts_swap(top: str) -> bool:
    """Whether the kernel counts swap per group in version 2 (CONFIG_SWAP, no `swapaccount=0`).

    Only groups show it, so one that is there is asked; where there is none, the answer is yes.
    """
    for name in os.listdir(top):
        if os.path.exists(f"{top}/{name}/memory.current"):
            return os.path.exists(f"{top}/{name}/{SWAP}")
    return True


def parse_mounts(mountinfo: str) -> tuple[dict[str, str], dict[str, str]]:
    """Return ({key: mount point}, {key: the mount's root}) of proc_pid_mountinfo(5); /sys/fs/cgroup goes first."""
    mounts: dict[str, str] = {}
    roots: dict[str, str] = {}
    found = []
    for line in mountinfo.splitlines():
        left, separator, right = line.partition(" - cgroup")
        if separator:
            found.append((left.split(), right.split()))
    found.sort(key=lambda entry: not entry[0][4].startswith("/sys/fs/cgroup"))  # stable: others keep their order
    for left_fields, right_fields in found:
        for key in [UNIFIED] if right_fields[0] == "2" else _keys(right_fields[-1]):
            mounts.setdefault(key, left_fields[4])
            roots.setdefault(key, left_fields[3])
    return mounts, roots


def parse_own(text: str, roots: dict[str, str]) -> dict[str, str]:
    """Return {key: our group, relative to the mount point} of /proc/self/cgroup; "" is the mount point itself."""
    own = dict.fromkeys(roots, "")
    for line in text.splitlines():
        _number, controllers, path = line.split(":", 2)
        for key in controllers.split(",") if controllers else [UNIFIED]:
            if key in own:
                own[key] = _relative(path, roots[key])
    return own


def _keys(options: str) -> list[str]:
    return [word for word in options.split(",") if word in CONTROLLERS or word.startswith("name=")]


def _relative(path: str, root: str) -> str:
    path, root = path.rstrip("/"), root.rstrip("/")
    if not path.startswith(f"{root}/"):
        return ""  # a mount of another part of the tree: what is visible is all that we may use
    return path[len(root) :]


def _features(mounts: dict[str, str], v2: list[str]) -> list[str]:
    wanted = (("memory", "memory.memsw.limit_in_bytes"), ("blkio", "blkio.bfq.io_serviced"))
    found = [name for key, name in wanted if key in mounts and os.path.exists(f"{mounts[key]}/{name}")]
    return [*found, SWAP] if "memory" in v2 and counts_swap(mounts[UNIFIED]) else found


def _read(path: str) -> str:
    with open(path, encoding="utf-8", errors="surrogateescape") as file:
        return file.read()
