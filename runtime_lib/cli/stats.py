"""`skiff stats`."""

from __future__ import annotations

import sys
import time

from ..errors import WrongState
from . import opened, output
from .options import FLAG, TEXT, Option, Usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ..containers.catalog import Container
    from ..containers.usage import Usage as Reading
    from ..store import Store

_INTERVAL = 1.0  # seconds between two readings; Docker's
_HOME = "\033[2J\033[H"  # clears a terminal
_STATS = Usage(
    "stats",
    "[OPTIONS] [CONTAINER...]",
    "Show what containers use, once a second",
    (
        Option("all", "a", FLAG, "Also those that do not run"),
        Option("format", "", TEXT, "json, table, or a Go template such as {{.CPUPerc}}"),
        Option("no-stream", "", FLAG, "Show it once"),
        Option("no-trunc", "", FLAG, "Do not shorten"),
    ),
)
_COLUMNS = (
    ("CONTAINER ID", "ID"),
    ("NAME", "Name"),
    ("CPU %", "CPUPerc"),
    ("MEM USAGE / LIMIT", "MemUsage"),
    ("MEM %", "MemPerc"),
    ("NET I/O", "NetIO"),
    ("BLOCK I/O", "BlockIO"),
    ("PIDS", "PIDs"),
)


def stats(words: list[str]) -> int:
    """Show what containers use as `docker stats` does."""
    parsed = _STATS.parse(words)
    store = opened.store()
    shown = _chosen(store, parsed.arguments, bool(parsed.all))
    readings = _read_all(store, shown())
    while True:
        time.sleep(_INTERVAL)
        containers = shown()
        before, readings = readings, _read_all(store, containers)
        entries = [
            describe(container, name, before.get(container.id), readings.get(container.id), bool(parsed.no_trunc))
            for name, container in containers
        ]
        if not parsed.no_stream and sys.stdout.isatty():
            output.write_text(_HOME)
        output.rows(entries, (("CONTAINER", "Container"), *_COLUMNS), parsed.format, shown=_COLUMNS)
        if parsed.no_stream or (parsed.arguments and not _is_any_there(store, containers)):
            return 0


def describe(
    container: Container, name: str, before: Reading | None, now: Reading | None, whole: bool
) -> dict[str, str]:
    """Return the fields of `docker stats --format json` from two readings; None where it did not run."""
    identity = container.id if whole else container.id[:12]
    first = {"Container": name or identity, "ID": identity, "Name": container.name}
    if now is None:
        nothing = "0B / 0B"
        rest = {"CPUPerc": "0.00%", "MemUsage": nothing, "MemPerc": "0.00%", "NetIO": nothing, "BlockIO": nothing}
        return {**first, **rest, "PIDs": "0"}
    share = now.memory / now.memory_limit * 100 if now.memory_limit else 0.0
    return {
        **first,
        "CPUPerc": f"{cpu_percent(before, now):.2f}%",
        "MemUsage": f"{output.binary_size(now.memory)} / {output.binary_size(now.memory_limit)}",
        "MemPerc": f"{share:.2f}%",
        "NetIO": f"{output.size(now.network_received)} / {output.size(now.network_sent)}",
        "BlockIO": f"{output.size(now.block_read)} / {output.size(now.block_written)}",
        "PIDs": str(now.pids),
    }


def cpu_percent(before: Reading | None, now: Reading) -> float:
    """Return the share of one processor between two readings, in percent: 200 is two whole ones."""
    if before is None or now.host_cpu <= before.host_cpu or now.cpu < before.cpu:
        return 0.0
    return (now.cpu - before.cpu) / (now.host_cpu - before.host_cpu) * now.processors * 100


def _chosen(store: Store, names: list[str], everything: bool) -> Callable[[], list[tuple[str, Container]]]:
    """Return a function that tells the containers to show, each with the name that was asked for."""
    from ..containers import catalog
    from ..containers.filters import matching
    from ..containers.summary import Summaries

    if names:
        wanted = [(name, catalog.find(store, name)) for name in names]
        return lambda: wanted
    return lambda: [("", container) for container, _state in matching(Summaries(store), {}, everything)]


def _read_all(store: Store, containers: list[tuple[str, Container]]) -> dict[str, Reading]:
    from ..containers.usage import usage

    found = {}
    for _name, container in containers:
        try:
            found[container.id] = usage(store, container)
        except WrongState:
            continue
    return found


def _is_any_there(store: Store, containers: list[tuple[str, Container]]) -> bool:
    known = {row["id"] for row in store.query("SELECT id FROM containers")}
    return any(container.id in known for _name, container in containers)
