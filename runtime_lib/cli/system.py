"""`skiff version`, `skiff info`, `skiff restore` and `skiff shutdown`."""

from __future__ import annotations

import os
import sys

from . import opened, output
from .options import TEXT, WHOLE, Option, Usage
from .template_functions import go_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ..containers.catalog import Container

_FORMAT = (Option("format", "f", TEXT, "json, or a Go template such as {{.Version}}"),)
_VERSION = Usage("version", "[OPTIONS]", "Print the version", _FORMAT, 0, 0)
_INFO = Usage("info", "[OPTIONS]", "Print what this host has and can", _FORMAT, 0, 0)
_RESTORE = Usage("restore", "", "After a boot: start the containers that their restart policy wants", (), 0, 0)
_SHUTDOWN = Usage(
    "shutdown",
    "[OPTIONS]",
    "Before the host goes down: stop what runs; restore starts it again",
    (Option("time", "t", WHOLE, "The longest time to wait for one before it is killed (default 90 seconds)"),),
    0,
    0,
)


def version(words: list[str]) -> int:
    """Print the versions that count for a bug report."""
    from ..containers.host import VERSION

    parsed = _VERSION.parse(words)
    kernel = os.uname()
    values: dict[str, Any] = {
        "Version": VERSION,
        "PythonVersion": ".".join(str(part) for part in sys.version_info[:3]),
        "KernelVersion": kernel.release,
        "OS/Arch": f"{kernel.sysname.lower()}/{kernel.machine}",
    }
    if parsed.format:  # scripts ask Docker for {{.Server.Version}}
        side = {"Version": VERSION, "Os": kernel.sysname.lower(), "Arch": kernel.machine}
        values.update({"Client": side, "Server": {**side, "KernelVersion": kernel.release}})
    return _show(values, parsed.format)


def info(words: list[str]) -> int:
    """Print counts of objects and what the kernel offers."""
    from ..containers.host import facts

    parsed = _INFO.parse(words)
    return _show(facts(opened.store()), parsed.format)


def restore(words: list[str]) -> int:
    """Start what is to run after a boot; print the names."""
    from ..containers.restore import restore as engine

    _RESTORE.parse(words)
    store = opened.store()
    return _told(lambda failed: engine(store, failed))


def shutdown(words: list[str]) -> int:
    """End what runs, before the host goes down; print the names."""
    parsed = _SHUTDOWN.parse(words)
    from ..containers.shutdown import LIMIT
    from ..containers.shutdown import shutdown as engine

    store = opened.store()
    limit = LIMIT if parsed.time is None else float(max(parsed.time, 0))
    return _told(lambda failed: engine(store, failed, limit))


def _told(work: Callable[[Callable[[Container, Exception], None]], list[Container]]) -> int:
    """Print the name of each container, and why others failed; return 1 when one did."""
    failures: list[str] = []

    def failed(container: Container, error: Exception) -> None:
        failures.append(f"skiff: {container.name}: {error}\n")

    for container in work(failed):
        sys.stdout.write(f"{container.name}\n")
    sys.stdout.flush()
    sys.stderr.write("".join(failures))
    return 1 if failures else 0


def _show(values: dict[str, Any], template: str | None) -> int:
    if template == "json":
        output.write_lines([output.compact(values)])
    elif template:
        output.write_lines([output.render(template, values)])
    else:
        output.write_lines(f"{key}: {go_text(value)}" for key, value in values.items())
    return 0
