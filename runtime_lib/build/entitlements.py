"""What a Dockerfile may not take for itself: who builds has to allow it (CVE-2024-23653). Pure."""

from __future__ import annotations

from ..errors import InvalidSpec
from .steps import RunStep

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .spec import BuildSpec
    from .steps import Step

KNOWN = ("security.insecure", "network.host")


def check(steps: Iterable[Step], spec: BuildSpec) -> None:
    """Raise InvalidSpec for the first RUN that asks for more than is allowed."""
    for step in steps:
        if not isinstance(step, RunStep):
            continue
        if step.insecure and "security.insecure" not in spec.allow:
            raise _refused(step, "--security=insecure", "security.insecure")
        if step.network == "host" and "network.host" not in spec.allow and spec.network != "host":
            raise _refused(step, "--network=host", "network.host")


def known(names: Sequence[str]) -> tuple[str, ...]:
    """Return the allowances that were given. Raises InvalidSpec for one that does not exist."""
    for name in names:
        if name not in KNOWN:
            raise InvalidSpec(f"--allow {name[:40]}: it is none of {', '.join(KNOWN)}")
    return tuple(names)


def _refused(step: RunStep, flag: str, name: str) -> InvalidSpec:
    return InvalidSpec(f"{step.where}: RUN {flag} is not allowed; allow it with --allow {name}, if you trust it")
