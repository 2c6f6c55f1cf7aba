"""Spans of user and group ids in what users write (user_namespaces(7)). Pure."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


def is_number(word: str) -> bool:
    """Whether a word can be an id or a count of ids: decimal, and not longer than 32 bits take."""
    return word.isascii() and word.isdigit() and len(word) <= 10


def mapped_twice(spans: Iterable[tuple[int, int]]) -> int | None:
    """Return an id that two of the spans (first id, how many) have, None when they are apart."""
    ordered = sorted(spans)
    for (first, count), (following, _unused) in zip(ordered, ordered[1:]):
        if following < first + count:
            return following
    return None
