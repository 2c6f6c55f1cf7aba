"""The log of events, read and followed."""

from __future__ import annotations

import os
import time
from contextlib import suppress

from .. import conditions
from ..eventlog import NAME
from ..jsontext import parse
from ..linux.inotify import Watch
from ..store import Store

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from ..conditions import Conditions

_BLOCK = 64 * 1024
KNOWN = ("container", "event", "image", "label", "network", "scope", "type", "volume")
_ACTORS = ("container", "image", "network", "volume")


def events(
    store: Store, given: Conditions, since: int | None = None, until: int | None = None
) -> Iterator[dict[str, Any]]:
    """Return what happened from `since` (ns since 1970; None: from now) on, until `until` (None: without an end).

    What is to come is waited for, without asking in between. Each event is as the Engine API has it.
    Raises InvalidSpec.
    """
    conditions.check(given, KNOWN, "events")
    run = store.layout.run
    with Watch(run) as watch:
        log = _Log(f"{run}/{NAME}")
        try:
            if since is None:
                log.skip()
            for event in _all(log, watch, until):
                if event["timeNano"] >= (since or 0) and matches(event, given):
                    yield event
        finally:
            log.close()


def matches(event: dict[str, Any], given: Conditions) -> bool:
    """Whether conditions pick an event. Pure."""
    kind, attributes = event["Type"], event["Actor"]["Attributes"]
    names = [event["Actor"]["ID"], attributes.get("name", "")]
    for key in _ACTORS:
        # Docker: a condition on a container, say, excludes what happens to other things, but for what names it.
        own = names if kind == key else [attributes.get(key, "")]
        if key == "image" and kind == "container":
            own = [attributes.get("image", ""), attributes.get("image", "").partition(":")[0]]
        if key in given and not any(name and name.startswith(value) for name in own for value in given[key]):
            return False
    actions = given.get("event", [""])
    return (
        any(event["Action"].startswith(action) for action in actions)
        and conditions.among(kind, given, "type")
        and conditions.among(event["scope"], given, "scope")
        and conditions.labelled(attributes, given)
    )


def _all(log: _Log, watch: Watch, until: int | None) -> Iterator[dict[str, Any]]:
    while True:
        for line in log.lines():
            event = decode(line)
            if event is not None:
                if until is not None and event["timeNano"] > until:
                    return
                yield event
        left = None if until is None else (until - time.time_ns()) / 1e9
        if left is not None and left <= 0:
            return
        watch.wait(left)


def decode(line: bytes) -> dict[str, Any] | None:
    """Return the event of a line; None for one that is damaged, as of a process that was killed while it wrote it."""
    try:
        found = parse(line.decode("ascii"))
        kind, action, actor, moment = found["Type"], found["Action"], found["ID"], int(found["timeNano"])
        attributes = dict(sorted(found["Attributes"].items()))
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    event: dict[str, Any] = {"Type": kind, "Action": action, "Actor": {"ID": actor, "Attributes": attributes}}
    if kind in ("container", "image"):
        source = {"from": attributes["image"]} if kind == "container" and "image" in attributes else {}
        event = {"status": action, "id": actor, **source, **event}
    return {**event, "scope": "local", "time": moment // 1_000_000_000, "timeNano": moment}


class _Log:
    """The file of the log and those before, oldest first, each held open: no rotation takes one away.

    The last one that became full stays open, too: a line of somebody who had it open may still come.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._full: _Lines | None = None
        self._open = self._fresh()

    def close(self) -> None:
        for file in (*self._open, *([self._full] if self._full else [])):
            file.close()

    def skip(self) -> None:
        """Leave out what is there already."""
        for file in self._open:
            os.lseek(file.descriptor, 0, os.SEEK_END)

    def lines(self) -> Iterator[bytes]:
        """Return the lines that are there and were not returned before."""
        while self._open or self._go_on():
            if self._full:
                yield from self._full.read()
            # Asked first: nearly all that comes into a file that is renamed by now is there already.
            is_last = len(self._open) == 1 and not self._rotated()
            yield from self._open[0].read()
            if is_last or (len(self._open) == 1 and not self._go_on()):
                return
            if self._full:
                self._full.close()
            self._full = self._open.pop(0)

    def _rotated(self) -> bool:
        try:
            return not os.path.samestat(os.stat(self._path), os.fstat(self._open[0].descriptor))
        except FileNotFoundError:
            return True

    def _go_on(self) -> bool:
        """Open what has come after the open file; False when there is nothing yet."""
        fresh = self._fresh()
        if self._open:
            mine = os.fstat(self._open[0].descriptor)
            places = [at for at, file in enumerate(fresh) if os.path.samestat(mine, os.fstat(file.descriptor))]
            for file in fresh[: places[0] + 1] if places else ():
                file.close()
            fresh = fresh[places[0] + 1 :] if places else fresh
        self._open += fresh
        return bool(fresh)

    def _fresh(self) -> list[_Lines]:
        found = []
        for path in (f"{self._path}.1", self._path):
            with suppress(FileNotFoundError):
                found.append(_Lines(path))
        return found


class _Lines:
    """The lines of a file that grows."""

    def __init__(self, path: str) -> None:
        self.descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        self._rest = b""

    def close(self) -> None:
        os.close(self.descriptor)

    def read(self) -> Iterator[bytes]:
        """Return the whole lines that have come since the last call."""
        while True:
            data = os.read(self.descriptor, _BLOCK)
            if not data:
                return
            *lines, self._rest = (self._rest + data).split(b"\n")
            yield from lines
