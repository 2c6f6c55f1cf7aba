"""The `container_logs` module's work."""

from __future__ import annotations

from ..containers import logs
from ..errors import InvalidSpec
from ..moments import moment
from ..monitor.encoding import rfc3339
from .plan import Outcome

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..store import Store


def perform(store: Store, options: dict[str, Any], _check: bool) -> Outcome:
    """Return what a container has written, by lines; a line without an end is one, too."""
    since = moment(options["since"], "since") if options["since"] else 0
    until = moment(options["until"], "until") if options["until"] else None
    streams: dict[str, list[str]] = {"stdout": [], "stderr": []}
    lines: list[str] = []
    pending: dict[str, tuple[int, bytes]] = {}
    for record in logs.read(store, options["name"], _tail(options["tail"]), since, until):
        begun, data = pending.pop(record.stream, (record.time_ns, b""))
        data += record.data
        if not data.endswith(b"\n"):
            pending[record.stream] = (begun, data)
            continue
        _add(lines, streams[record.stream], begun, data[:-1], options["timestamps"])
    for stream, (begun, data) in pending.items():
        _add(lines, streams[stream], begun, data, options["timestamps"])
    return Outcome({"lines": lines, "stdout_lines": streams["stdout"], "stderr_lines": streams["stderr"]})


def _add(lines: list[str], own: list[str], time_ns: int, data: bytes, stamped: bool) -> None:
    text = data.decode("utf-8", "replace")
    text = f"{rfc3339(time_ns)} {text}" if stamped else text
    lines.append(text)
    own.append(text)


def _tail(value: str | None) -> int | None:
    if value in (None, "all"):
        return None
    if not str(value).isdigit():
        raise InvalidSpec(f"tail: {value!r} is neither a number of lines nor 'all'")
    return int(str(value))
