"""How fast an application can write when its output is kept."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

from tests.bench.engines import IMAGE, Field
from tests.bench.measure import rounds, table

_BYTES = 200_000_000
_SCRIPT = f"yes {'x' * 79} | head -c {_BYTES}"
_LIMITS = ("--log-driver", "json-file", "--log-opt", "max-size=10m", "--log-opt", "max-file=3")


def throughput(field: Field, count: int) -> str:
    """A container prints 200 MB in lines of 80 bytes, and its log is rotated; wall time until it has ended."""
    series = rounds(
        {
            "docker": _printing(field.docker, None, _LIMITS),
            "podman": _printing(field.podman, None, ("--log-driver", "k8s-file", "--log-opt", "max-size=10m")),
            "skiff": _printing(field.skiff, field.host.environment, _LIMITS),
        },
        count,
    )
    return table("200 MB of output, kept with a limit", series, {"skiff": 1.0})


def _printing(
    command: Callable[..., list[str]], environment: dict[str, str] | None, limits: tuple[str, ...]
) -> Callable[[], None]:
    # Podman's own defaults of rlimits are more than a root without CAP_SYS_RESOURCE may set.
    rlimits = ("--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024") if limits[1] == "k8s-file" else ()
    start = ("run", "-d", "--name", "chatter", "--network", "none", *rlimits, *limits, IMAGE, "sh", "-c", _SCRIPT)

    def once() -> None:
        for words in (start, ("wait", "chatter"), ("rm", "chatter")):
            subprocess.run(command(*words), check=True, capture_output=True, env=environment)

    return once
