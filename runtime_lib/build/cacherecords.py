"""What a cache that leaves the host says: which layer each step has made. Pure.

It is a key of an image's configuration. An image that carries it only for the cache's sake is that of a stage.
"""

from __future__ import annotations

import json
import string

from .. import strictjson
from ..errors import CorruptData
from ..images import document
from ..records import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

KEY = "skiff.build.cache.v1"
_MOST = 10_000
_LATEST = 1 << 63  # nanoseconds since 1970
_HEX = frozenset(string.hexdigits.lower())


@dataclass(frozen=True)
class Record:
    """A step: its key, how many layers its image had after it, and whether the top one is its own.

    `created` is when that was made, in nanoseconds.
    """

    key: str
    layers: int
    changed: bool
    created: int


def write(records: Sequence[Record]) -> list[list[Any]]:
    """Return the records as they stand in a configuration."""
    return [[one.key, one.layers, one.changed, one.created] for one in records]


def parse(config: bytes, where: str) -> tuple[list[str], list[Record]]:
    """Return (the diff ids of an image's layers, the records in its configuration). Raises CorruptData."""
    found = strictjson.parse_object(config, where)
    diff_ids = document.check(found, where)
    entries = found.get(KEY) or []
    if not isinstance(entries, list) or len(entries) > _MOST:
        raise CorruptData(f"{where}: {KEY} is no list of at most {_MOST} records")
    return diff_ids, [_record(entry, len(diff_ids), where) for entry in entries]


def _record(entry: Any, layers: int, where: str) -> Record:
    if isinstance(entry, list) and len(entry) == 4 and [type(part) for part in entry] == [str, int, bool, int]:
        one = Record(*entry)
        known = len(one.key) == 64 and _HEX.issuperset(one.key) and 0 <= one.created < _LATEST
        if known and int(one.changed) <= one.layers <= layers:
            return one
    raise CorruptData(f"{where}: {KEY} has the entry {json.dumps(entry)[:100]}, which is no record of a step")
