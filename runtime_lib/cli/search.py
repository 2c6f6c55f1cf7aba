"""`skiff search`: which repositories a registry has."""

from __future__ import annotations

from .. import conditions
from ..errors import InvalidSpec
from . import output
from .options import FLAG, LIST, TEXT, WHOLE, Option, Usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..conditions import Conditions
    from ..registry.search import Found

_SEARCH = Usage(
    "search",
    "[OPTIONS] [REGISTRY/]TERM",
    "Search Docker Hub, or another registry, for repositories",
    (
        Option("filter", "f", LIST, "Only what stars=N, is-official=BOOL and is-automated=BOOL pick"),
        Option("format", "", TEXT, "json, table, or a Go template such as {{.Name}}"),
        Option("limit", "", WHOLE, "At most so many results (default 25)"),
        Option("no-trunc", "", FLAG, "Show whole descriptions"),
    ),
    1,
    1,
)
_MOST = 25  # Docker's
_DESCRIPTION = 45  # signs that Docker shows
_COLUMNS = (
    ("NAME", "Name"),
    ("DESCRIPTION", "Description"),
    ("STARS", "StarCount"),
    ("OFFICIAL", "IsOfficial"),
    ("AUTOMATED", "IsAutomated"),
)


def search(words: list[str]) -> int:
    """List repositories whose name contains a term."""
    from ..registry.endpoint import HUB
    from ..registry.search import search as ask
    from ..registry.settings import of_host

    parsed = _SEARCH.parse(words)
    given = conditions.from_texts(parsed.filter)
    conditions.check(given, ("stars", "is-official", "is-automated"), "repositories")
    limit = _MOST if parsed.limit is None else parsed.limit
    if not 1 <= limit <= 100:
        raise InvalidSpec(f"--limit {limit}: it must be from 1 to 100")
    registry, slash, term = parsed.arguments[0].partition("/")
    if not slash or not (set(".:") & set(registry) or registry == "localhost"):
        registry, term = HUB, parsed.arguments[0]
    least = max(map(_stars, given.get("stars", ())), default=0)
    found = [one for one in ask(registry, term, limit, of_host()) if one.stars >= least and _picked(one, given)]
    prefix = "" if registry == HUB else f"{registry}/"
    entries = [_entry(one, prefix, bool(parsed.no_trunc)) for one in found[:limit]]
    output.rows(entries, _COLUMNS, parsed.format)
    return 0


def _picked(one: Found, given: Conditions) -> bool:
    official, automated = conditions.truth(given, "is-official"), conditions.truth(given, "is-automated")
    return official in (None, one.official) and automated in (None, one.automated)


def _stars(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise InvalidSpec(f"filter stars={text[:40]}: it must be a number")
    return int(text)


def _entry(one: Found, prefix: str, whole: bool) -> dict[str, str]:
    short = one.description if whole or len(one.description) <= _DESCRIPTION else f"{one.description[:44]}…"
    return {
        "Name": f"{prefix}{one.name}",
        "Description": short,
        "StarCount": str(one.stars),
        "IsOfficial": "[OK]" if one.official else "",
        "IsAutomated": "[OK]" if one.automated else "",
    }
