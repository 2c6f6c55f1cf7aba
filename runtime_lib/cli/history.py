"""`skiff history`."""

from __future__ import annotations

import time

from . import opened, output
from .options import FLAG, TEXT, Option, Usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_HISTORY = Usage(
    "history",
    "[OPTIONS] IMAGE",
    "Show the steps that made an image",
    (
        Option("format", "", TEXT, "json, table, or a Go template such as {{.CreatedBy}}"),
        Option("human", "H", FLAG, "Sizes and dates for people (default); --human=false for programs"),
        Option("no-trunc", "", FLAG, "Do not shorten"),
        Option("quiet", "q", FLAG, "Ids only"),
    ),
    1,
    1,
)
_COLUMNS = (
    ("IMAGE", "ID"),
    ("CREATED", "CreatedSince"),
    ("CREATED BY", "CreatedBy"),
    ("SIZE", "Size"),
    ("COMMENT", "Comment"),
)
_WIDTH = 45  # signs of a step; Docker's


def history(words: list[str]) -> int:
    """Print the steps, the newest first."""
    from ..images import inspect

    parsed = _HISTORY.parse(words)
    human = parsed.human is not False
    steps = inspect.history(opened.store(), parsed.arguments[0])
    entries = [describe(step, human, bool(parsed.no_trunc)) for step in steps]
    columns = _COLUMNS if human else tuple((title, key.replace("Since", "At")) for title, key in _COLUMNS)
    output.rows(entries, columns, parsed.format, quiet="ID" if parsed.quiet else "")
    return 0


def describe(step: dict[str, Any], human: bool, whole: bool) -> dict[str, str]:
    """Return the fields of `docker history --format json`."""
    from ..containers.status import duration

    by = _harmless(step["CreatedBy"].replace("\t", " "))
    ago = f"{duration(time.time_ns() - step['Created'] * 1_000_000_000)} ago"
    at = _local(step["Created"])
    return {
        "Comment": _harmless(step["Comment"]),
        "CreatedAt": at,
        "CreatedBy": by if whole else output.shorten(by, _WIDTH),
        "CreatedSince": ago if human else at,
        "ID": step["Id"] if whole or step["Id"] == "<missing>" else step["Id"][7:19],
        "Size": output.size(step["Size"]) if human else str(step["Size"]),
    }


def _harmless(text: str) -> str:
    """Return words of an image with escapes for what a terminal would obey; lines stay, as in Docker."""
    return "".join(char if char.isprintable() or char == "\n" else ascii(char)[1:-1] for char in text)


def _local(seconds: int) -> str:
    """Return RFC 3339 in local time, as Go has it: Z for UTC."""
    zone = time.strftime("%z", time.localtime(seconds))
    offset = "Z" if zone == "+0000" else f"{zone[:3]}:{zone[3:]}"
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.localtime(seconds)) + offset
