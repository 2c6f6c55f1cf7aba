"""Paths of archive members."""

from __future__ import annotations

from ..errors import CorruptData


def split(path: str) -> tuple[str, str]:
    """Return (parent, last name) of a member's path, relative to the tree's root; ("", "") is the root itself.

    `.` and inner `..` are resolved by their text alone, as Docker does. Raises CorruptData for a path above the root.
    """
    if "/.." not in path and "./" not in path and "//" not in path and not path.startswith((".", "/")):
        head, _unused, name = path.rstrip("/").rpartition("/")
        if name != ".":
            return head, name
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            if not parts:
                raise CorruptData(f"the path {path[:300]!r} in an archive leads out of it")
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts[:-1]), parts[-1] if parts else ""
