"""OCI `linux.resources` as (controller, file, text): what to write where. Decides, and touches nothing.

Source: runtime-spec config-linux.md "Control groups"; Documentation/admin-guide/cgroup-{v1,v2} of the kernel.
"""

from __future__ import annotations

from ...errors import InvalidSpec
from . import v1, v2
from .hierarchy import UNIFIED, Hierarchy
from .plan import Plan

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# OCI section, controller, its files in version 1 and in version 2 (None: that version has no such thing).
_SECTIONS = (
    ("cpu", "cpu", v1.cpu, v2.cpu),
    ("cpu", "cpuset", v1.cpuset, v2.cpuset),
    ("memory", "memory", v1.memory, v2.memory),
    ("pids", "pids", v1.pids, v2.pids),
    ("blockIO", "blkio", v1.block_io, v2.block_io),
    ("hugepageLimits", "hugetlb", v1.hugetlb, v2.hugetlb),
    ("rdma", "rdma", v1.rdma, v1.rdma),
    ("network", "net_cls", v1.net_cls, None),
    ("network", "net_prio", v1.net_prio, None),
)


def files(resources: dict[str, Any], hierarchy: Hierarchy) -> list[tuple[str, str, str]]:
    """Return what to write, in this order, as (key of `Hierarchy.mounts`, file, text).

    What the host cannot enforce is left out: whoever must not lose a limit asks `unsupported()` first. Device rules
    of version 2 are a program, no file (`linux.devices_bpf`). Raises InvalidSpec for limits that contradict each other.
    """
    return _plan(resources, hierarchy).settings


def unsupported(resources: dict[str, Any], hierarchy: Hierarchy) -> list[str]:
    """Return one sentence for each wanted limit that this host cannot enforce."""
    return _plan(resources, hierarchy).lacking


def _plan(resources: dict[str, Any], hierarchy: Hierarchy) -> Plan:
    plan = Plan(hierarchy.features)
    for section, controller, old, new in _SECTIONS:
        wanted = resources.get(section)
        if not wanted:
            continue
        version = hierarchy.version(controller)
        rules = {0: None, 1: old, 2: new}[version]
        if rules:
            plan.key = controller if version == 1 else UNIFIED
            rules(wanted, plan)
        else:
            _say_lacking(plan, controller, wanted, v1_rules=old)
    if resources.get("devices") and "devices" in hierarchy.mounts:
        plan.key = "devices"
        v1.devices(resources["devices"], plan)
    _unified(resources.get("unified") or {}, hierarchy, plan)
    return plan


def _say_lacking(plan: Plan, controller: str, wanted: Any, v1_rules: Any) -> None:
    """Complain about a missing controller only where something would have been written for it."""
    trial = Plan(frozenset((v1.MEMSW, v1.BFQ)))
    v1_rules(wanted, trial)
    for _key, name, _text in trial.settings:
        plan.lacks(f"{name} cannot be set: this host has no {controller} cgroup controller")


def _unified(wanted: dict[str, str], hierarchy: Hierarchy, plan: Plan) -> None:
    plan.key = UNIFIED
    for name, text in wanted.items():
        if "/" in name or "." not in name:
            raise InvalidSpec(f"linux.resources.unified: {name!r} is not the name of a cgroup file such as memory.high")
        controller = name.partition(".")[0]
        if controller in hierarchy.v2_controllers or (controller == "cgroup" and UNIFIED in hierarchy.mounts):
            plan.put(name, text)
        else:
            plan.lacks(f"{name} cannot be set: the {controller} controller is not in a cgroup version 2 tree here")
