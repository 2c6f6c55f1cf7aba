"""Seccomp profiles that a user names by a path: their content takes the path's place, so that starts need no file."""

from __future__ import annotations

from ..errors import InvalidSpec
from .security import split

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

_LARGEST = 1024 * 1024  # bytes; Docker's default profile has 13 KiB


def with_profiles(texts: Iterable[str]) -> tuple[str, ...]:
    """Return security options with `seccomp=PATH` read. Raises OSError for the path, InvalidSpec for a huge file."""
    return tuple(_read(text) for text in texts)


def _read(text: str) -> str:
    key, _sign, value = split(text)
    if key != "seccomp" or value in ("", "unconfined", "builtin") or value.lstrip().startswith("{"):
        return text
    with open(value, encoding="utf-8", errors="replace") as file:
        content = file.read(_LARGEST)
    if len(content) == _LARGEST:
        raise InvalidSpec(f"security option seccomp: {value} is too large for a profile")
    return f"seccomp={content}"
