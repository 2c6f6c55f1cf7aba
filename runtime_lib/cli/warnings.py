"""What `run` and `create` say about options that have less effect here than their users may think."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..containers.spec import ContainerSpec
    from .options import Parsed


def tell(parsed: Parsed, spec: ContainerSpec) -> None:
    """Write a line for each of them to standard error, as Docker does."""
    told = ["kernel-memory has no effect: the kernel has no such limit any more"] if parsed.kernel_memory else []
    if spec.ulimits:
        from ..containers.host_limits import capped

        spec.check()  # a limit of no such name is a mistake before it is anything else
        told += capped(spec)
    if spec.security_opts:
        from ..containers.security import without_effect

        told += without_effect(spec)
    for sentence in told:
        sys.stderr.write(f"WARNING: {sentence}\n")
