"""Whether this host can enforce the limits that a user asks for."""

from __future__ import annotations

from ..errors import HostLacks
from .resources import limits
from .spec import ContainerSpec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def check(spec: ContainerSpec) -> None:
    """Raise HostLacks for a limit that was asked for and would be none here; Docker drops it with a warning."""
    wanted = asked(spec)
    if not wanted:
        return
    from ..linux.cgroups.hierarchy import detect
    from ..linux.cgroups.limits import unsupported

    lacking = unsupported(wanted, detect())
    if lacking:
        raise HostLacks(f"{'; '.join(lacking)}. Change the host, or leave that limit out")


def asked(spec: ContainerSpec) -> dict[str, Any]:
    """Return the part of `linux.resources` that stems from the user, without what is there by default. Pure."""
    wanted = limits(spec)
    if spec.pids_limit is None:
        del wanted["pids"]
    if not spec.memory_swap:
        wanted.get("memory", {}).pop("swap", None)
    return wanted
