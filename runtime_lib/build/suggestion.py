"""What a user may have meant who has written a name that nobody knows. Pure."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


def close(word: str, known: Iterable[str], prefix: str = "") -> str:
    """Return ` (did you mean X?)`, or "" when nothing is close."""
    import difflib  # only where something is wrong

    found = difflib.get_close_matches(word[:40], [name for name in known if name], 1, 0.6)
    return f" (did you mean {prefix}{found[0]}?)" if found else ""
