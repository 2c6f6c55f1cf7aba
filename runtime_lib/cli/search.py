"""`skiff search`: which repositories a registry has."""

from __future__ import annotations

from ..errors import InvalidSpec
from . import output
from .options import FLAG, LIST, TEXT, WHOLE, Option, Usage

_SEARCH = Usage(
    "search",
    "[OPTIONS] REGISTRY/TERM",
    "Search a registry's catalogue for repositories",
    (
        Option("filter", "f", LIST, "Accepted for Docker's sake: a catalogue knows neither stars nor officials"),
        Option("format", "", TEXT, "json, table, or a Go template such as {{.Name}}"),
        Option("limit", "", WHOLE, "At most so many results (default 25)"),
        Option("no-trunc", "", FLAG, "Accepted for Docker's sake: a catalogue has no descriptions"),
    ),
    1,
    1,
)
_MOST = 25  # Docker's
_COLUMNS = (
    ("NAME", "Name"),
    ("DESCRIPTION", "Description"),
    ("STARS", "StarCount"),
    ("OFFICIAL", "IsOfficial"),
    ("AUTOMATED", "IsAutomated"),
)


def search(words: list[str]) -> int:
    """List repositories whose name contains a term."""
    from ..registry.client import catalog
    from ..registry.settings import of_host

    parsed = _SEARCH.parse(words)
    registry, slash, term = parsed.arguments[0].partition("/")
    if not slash or not (set(".:") & set(registry) or registry == "localhost"):
        raise InvalidSpec(
            f"search needs a registry: {parsed.arguments[0][:200]!r} is to be like registry.example:5000/TERM;"
            " Docker Hub has no catalogue, search it on its own site"
        )
    limit = _MOST if parsed.limit is None else parsed.limit
    if not 1 <= limit <= 100:
        raise InvalidSpec(f"--limit {limit}: it must be from 1 to 100")
    found = [name for name in catalog(registry, of_host()) if term in name][:limit]
    empty = {**dict.fromkeys((key for _title, key in _COLUMNS), ""), "StarCount": "0"}
    entries = [{**empty, "Name": f"{registry}/{name}"} for name in found]
    output.rows(entries, _COLUMNS, parsed.format)
    return 0
