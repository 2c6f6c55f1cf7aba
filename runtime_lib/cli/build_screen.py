"""A build on a terminal, or as BuildKit's JSON: what `--progress=tty` and `rawjson` show."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import sys
import threading
import time
from contextlib import contextmanager

from ..build.progress import Progress
from ..build.watcher import Watcher
from ..errors import InvalidSpec
from ..images.times import rfc3339

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, TextIO

_REFRESH = 0.1  # seconds
_KINDS = ("auto", "tty", "plain", "quiet", "rawjson")


class Plain:
    """The log, as it comes."""

    watcher: Watcher | None = None

    def note(self, text: str) -> None:
        """Print a piece of it."""
        sys.stdout.write(text)
        sys.stdout.flush()

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Do nothing around a build."""
        yield


class Silent(Plain):
    """Nothing."""

    def note(self, text: str) -> None:
        """Print nothing."""


def choose(kind: str, silent: bool) -> Plain:
    """Return what `--progress` asks for. Raises InvalidSpec."""
    kind = kind or "auto"
    if kind not in _KINDS:
        raise InvalidSpec(f"--progress={kind[:40]}: use {', '.join(_KINDS[:-1])} or {_KINDS[-1]}")
    if kind == "rawjson":
        return RawJson(sys.stderr)
    if silent or kind == "quiet":
        return Silent()
    terminal = sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"
    if kind == "tty" and not sys.stdout.isatty():
        raise InvalidSpec("--progress=tty needs a terminal as standard output; use plain")
    return Screen(sys.stdout) if kind == "tty" or (kind == "auto" and terminal) else Plain()


class Screen(Watcher, Plain):
    """Draws on a terminal: lines that stay, and below them those of what runs, again and again."""

    def __init__(self, terminal: TextIO) -> None:
        """Begin with an empty picture below the cursor."""
        self.watcher = self
        self._terminal = terminal
        self._progress = Progress(time.monotonic())
        self._lock = threading.Lock()
        self._drawn = 0

    def begin(self, stage: str, number: int, total: int, text: str) -> None:
        """Show a step."""
        with self._lock:
            self._progress.begin(stage, number, total, text, time.monotonic())

    def said(self, stage: str, text: str) -> None:
        """Show what a step says."""
        with self._lock:
            self._progress.said(stage, text)

    def cached(self, stage: str) -> None:
        """Show that a step is from the cache."""
        with self._lock:
            self._progress.is_cached(stage)

    def end(self, stage: str, whole: bool) -> None:
        """Let the step of a stage stay as it is."""
        with self._lock:
            self._progress.end(stage, whole, time.monotonic())

    def note(self, text: str) -> None:
        """Show lines that belong to no step."""
        with self._lock:
            self._progress.note(text)

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Draw during a block; at its end, and the build's, only lines that stay are left."""
        ended = threading.Event()
        thread = threading.Thread(target=self._draw_until, args=(ended,), daemon=True)
        thread.start()
        whole = False
        try:
            yield
            whole = True
        finally:
            ended.set()
            thread.join()
            with self._lock:
                self._write([*self._progress.settled(), self._progress.summary(time.monotonic(), whole)], [])

    def _draw_until(self, ended: threading.Event) -> None:
        while not ended.wait(_REFRESH):
            with self._lock:
                size = os.get_terminal_size(self._terminal.fileno())
                frame = self._progress.frame(time.monotonic(), size.columns or 80, size.lines or 24)
                self._write(self._progress.settled(), frame)

    def _write(self, lines: list[str], frame: list[str]) -> None:
        up = f"\x1b[{self._drawn}A" if self._drawn else ""
        text = "".join(f"{line}\n" for line in (*lines, *frame))
        self._drawn = len(frame)
        self._terminal.write(f"{up}\r\x1b[J{text}")
        self._terminal.flush()


class RawJson(Watcher, Silent):
    """Writes a line of JSON for each event, in the form of BuildKit's SolveStatus."""

    def __init__(self, file: TextIO) -> None:
        """Write to an open file."""
        self.watcher = self
        self._file = file
        self._lock = threading.Lock()
        self._vertexes: dict[str, dict[str, Any]] = {}

    def begin(self, stage: str, number: int, total: int, text: str) -> None:
        """Write the end of the step before, and the beginning of this one."""
        self.end(stage, True)
        name = f"[{stage} {number}/{total}] {text}"
        digest = f"sha256:{hashlib.sha256(name.encode(errors='surrogateescape')).hexdigest()}"
        self._vertexes[stage] = {"digest": digest, "name": name, "started": rfc3339(time.time_ns())}
        self._write({"vertexes": [self._vertexes[stage]]})

    def said(self, stage: str, text: str) -> None:
        """Write a piece of output."""
        if stage in self._vertexes:
            data = base64.b64encode(text.encode(errors="replace")).decode()
            log = {"vertex": self._vertexes[stage]["digest"], "stream": 1, "data": data}
            self._write({"logs": [{**log, "timestamp": rfc3339(time.time_ns())}]})

    def cached(self, stage: str) -> None:
        """Note it for the step's end."""
        self._vertexes[stage]["cached"] = True

    def end(self, stage: str, whole: bool) -> None:
        """Write the end of a stage's step."""
        vertex = self._vertexes.pop(stage, None)
        if vertex:
            error = {} if whole else {"error": "the step has failed or was stopped"}
            self._write({"vertexes": [{**vertex, "completed": rfc3339(time.time_ns()), **error}]})

    def _write(self, document: dict[str, Any]) -> None:
        with self._lock:
            self._file.write(json.dumps(document) + "\n")
            self._file.flush()
