"""Which repositories a registry has: by its search (API version 1, as Docker Hub has it), else by its catalogue."""

from __future__ import annotations

from urllib.parse import urlencode

from .. import strictjson
from ..errors import CorruptData
from ..records import dataclass, replace
from . import client, credentials
from . import endpoint as endpoints
from .session import Session

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .settings import Settings

_HUB_SEARCH = "index.docker.io"
_LONGEST = 1000  # signs of a description


@dataclass(frozen=True)
class Found:
    """A repository; a catalogue knows of nothing but the name."""

    name: str
    description: str = ""
    stars: int = 0
    official: bool = False
    automated: bool = False


def search(registry: str, term: str, limit: int, settings: Settings) -> list[Found]:
    """Return repositories of a registry whose name has to do with a term, at most `limit` where it heeds that.

    Raises RegistryDenied, RegistryError, CorruptData.
    """
    found = _searched(registry, term, limit, settings)
    if found is None:
        found = [Found(name) for name in client.catalog(registry, settings) if term in name]
    return found


def _searched(registry: str, term: str, limit: int, settings: Settings) -> list[Found] | None:
    """Return what the search of a registry finds, None where it has none."""
    place = endpoints.of(registry, "")
    if registry == endpoints.HUB:
        place = replace(place, host=_HUB_SEARCH)
    with Session(place, settings, credentials.account(settings.credential_files, registry)) as session:
        path = f"/v1/search?{urlencode({'q': term, 'n': limit})}"
        answer = session.request("GET", path, whole=strictjson.LIMIT)
        try:
            kind = (answer.headers.get("Content-Type") or "").partition(";")[0].strip()
            if answer.status != 200 or kind != "application/json":
                return None
            document = strictjson.parse_object(answer.body(strictjson.LIMIT), f"what {registry} has found")
        finally:
            answer.close()
    entries = document.get("results")
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise CorruptData(f"registry {registry}: what it has found is not a list of results")
    return [_found(entry) for entry in entries]


def _found(entry: dict[str, Any]) -> Found:
    stars = entry.get("star_count")
    return Found(
        _text(entry, "name"),
        _text(entry, "description"),
        stars if isinstance(stars, int) else 0,
        entry.get("is_official") is True,
        entry.get("is_automated") is True,
    )


def _text(entry: dict[str, Any], key: str) -> str:
    """Return a text of a stranger's without signs that would move a terminal's cursor."""
    value = entry.get(key)
    return "".join(char for char in value[:_LONGEST] if char.isprintable()) if isinstance(value, str) else ""
