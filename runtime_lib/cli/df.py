"""`skiff system df`."""

from __future__ import annotations

from . import opened, output
from .options import FLAG, TEXT, Option, Usage

_DF = Usage(
    "system df",
    "[OPTIONS]",
    "Say what takes how much of the disk",
    (
        Option("format", "", TEXT, "json, table, or a Go template such as {{.Size}}"),
        Option("verbose", "v", FLAG, "Each image, container and volume"),
    ),
    0,
    0,
)
_COLUMNS = (
    ("TYPE", "Type"),
    ("TOTAL", "TotalCount"),
    ("ACTIVE", "Active"),
    ("SIZE", "Size"),
    ("RECLAIMABLE", "Reclaimable"),
)


def df(words: list[str]) -> int:
    """Say what takes how much of the disk, as `docker system df` does."""
    from ..build import cachemounts, download
    from ..containers.disk_usage import disk_usage, table
    from ..images import fetching

    parsed = _DF.parse(words)
    store = opened.store()
    usage = disk_usage(store)
    *lines, (cache, *_nothing) = table(store, usage)
    sizes = [cachemounts.size(store, one.name) for one in cachemounts.listing(store)]
    sizes += [one.size for one in download.listing(store)]
    sizes += [one.size for one in fetching.partials(store)]
    if parsed.verbose:
        from .df_verbose import show

        show(usage, sum(sizes), parsed.format)
        return 0
    lines.append((cache, len(sizes), 0, sum(sizes), sum(sizes)))
    output.rows([_line(*line) for line in lines], _COLUMNS, parsed.format)
    return 0


def _line(kind: str, total: int, active: int, size: int, free: int) -> dict[str, str]:
    share = f" ({free * 100 // size}%)" if size and kind != "Build Cache" else ""
    return {
        "Active": str(active),
        "Reclaimable": f"{output.size(free, 4)}{share}",
        "Size": output.size(size, 4),
        "TotalCount": str(total),
        "Type": kind,
    }
