"""`skiff logs`."""

from __future__ import annotations

from ..errors import InvalidSpec
from ..linux.writing import write_all
from ..moments import moment
from ..monitor.encoding import rfc3339
from . import opened
from .options import FLAG, TEXT, Option, Usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..monitor.logs import Record

_BATCH = 64 * 1024  # bytes that are written together, unless the log is followed
_LOGS = Usage(
    "logs",
    "[OPTIONS] CONTAINER",
    "Print what a container has written",
    (
        Option("details", "", FLAG, "Print what the log options labels, env and tag add to each line"),
        Option("follow", "f", FLAG, "Go on with what it writes from now on"),
        Option("since", "", TEXT, "Only from this time on (2026-01-02T13:23:37Z, 1736600000, or 42m for relative)"),
        Option("tail", "n", TEXT, "Number of lines from the end (default all)"),
        Option("timestamps", "t", FLAG, "Print the time of each line"),
        Option("until", "", TEXT, "Only before this time (as --since)"),
    ),
    1,
    1,
)


def logs(words: list[str]) -> int:
    """Print the log of a container, its standard error to ours."""
    parsed = _LOGS.parse(words)
    since = moment(parsed.since, "--since") if parsed.since else 0
    until = moment(parsed.until, "--until") if parsed.until else None
    batch = 0 if parsed.follow else _BATCH
    records = _records(parsed.arguments[0], bool(parsed.follow), tail(parsed.tail), since, until)
    _print(records, bool(parsed.timestamps), bool(parsed.details), batch)
    return 0


def _records(reference: str, follow: bool, last: int | None, since: int, until: int | None) -> Iterator[Record]:
    from ..containers import logs as engine

    read = engine.follow if follow else engine.read
    return read(opened.store(), reference, last, since, until)


def _print(records: Iterator[Record], timestamps: bool, details: bool, batch: int) -> None:
    """Write records to standard output and error, up to `batch` bytes of one stream together."""
    waiting: list[bytes] = []
    size, stream = 0, ""
    for record in records:
        if waiting and (size >= batch or record.stream != stream):
            _write(stream, waiting)
            waiting, size = [], 0
        stream = record.stream
        data = f"{_details(record.attributes)} ".encode() + record.data if details else record.data
        data = f"{rfc3339(record.time_ns)} ".encode() + data if timestamps else data
        waiting.append(data)
        size += len(data)
        if not batch:
            _write(stream, waiting)
            waiting, size = [], 0
    _write(stream, waiting)


def _details(attributes: dict[str, str]) -> str:
    """Return them as Docker prints them."""
    from urllib.parse import quote_plus

    return ",".join(f"{quote_plus(key)}={quote_plus(value)}" for key, value in sorted(attributes.items()))


def _write(stream: str, waiting: list[bytes]) -> None:
    write_all(2 if stream == "stderr" else 1, b"".join(waiting))


def tail(text: str | None) -> int | None:
    """Return the number of `--tail`; None for "all". Raises InvalidSpec."""
    if text is None or text == "all":
        return None
    try:
        number = int(text)
    except ValueError:
        raise InvalidSpec(f"--tail: {text!r} is neither a number nor 'all'") from None
    return None if number < 0 else number
