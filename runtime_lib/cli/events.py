"""`skiff events`."""

from __future__ import annotations

import functools
import sys
import time

from ..conditions import from_texts
from ..moments import moment
from . import opened, output
from .options import LIST, TEXT, Option, Usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_EVENTS = Usage(
    "events",
    "[OPTIONS]",
    "Tell what happens, as it happens",
    (
        Option(
            "filter", "f", LIST, "Only those with container=, event=, image=, label=, network=, scope=, type=, volume="
        ),
        Option("format", "", TEXT, "json, or a Go template such as {{.Action}}"),
        Option("since", "", TEXT, "Also what has happened from this time on (as logs --since)"),
        Option("until", "", TEXT, "Only until this time, then end"),
    ),
    0,
    0,
)


def events(words: list[str]) -> int:
    """Tell what happens as `docker events` does."""
    from ..containers.event_stream import events as engine

    parsed = _EVENTS.parse(words)
    since = moment(parsed.since, "--since") if parsed.since else None
    until = moment(parsed.until, "--until") if parsed.until else None
    for event in engine(opened.store(), from_texts(parsed.filter), since, until):
        output.write_text(_line(event, parsed.format) + "\n")
        sys.stdout.flush()
    return 0


def _line(event: dict[str, Any], template: str | None) -> str:
    if template == "json":
        return output.compact(event)
    if template:
        return output.render(template, fields(event))
    attributes = ", ".join(f"{key}={value}" for key, value in event["Actor"]["Attributes"].items())
    text = f"{local_moment(event['timeNano'])} {event['Type']} {event['Action']} {event['Actor']['ID']}"
    line = f"{text} ({attributes})" if attributes else text
    return "".join(sign if sign.isprintable() else "?" for sign in line)  # a stranger may have chosen the labels


def fields(event: dict[str, Any]) -> dict[str, Any]:
    """Return an event with the names that templates have for its fields, too; they are not part of its JSON."""
    names = {"Status": "status", "ID": "id", "From": "from", "Scope": "scope", "Time": "time", "TimeNano": "timeNano"}
    return {**event, **{name: functools.partial(event.get, key, "") for name, key in names.items()}}


def local_moment(time_ns: int) -> str:
    """Return a time as RFC 3339 with nanoseconds in the host's zone."""
    local = time.localtime(time_ns // 1_000_000_000)
    zone = time.strftime("%z", local)
    offset = "Z" if zone in ("+0000", "") else f"{zone[:3]}:{zone[3:]}"
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', local)}.{time_ns % 1_000_000_000:09d}{offset}"
