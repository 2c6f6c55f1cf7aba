"""Which process a build's leftovers belong to: they are removed when it is gone, and never before."""

from __future__ import annotations

import os

from ..linux.process import Process


def mark() -> str:
    """Return the mark of this process: pid and start time."""
    process = Process.of(os.getpid())
    return f"{process.pid}:{process.start_time}"


def ended(text: str) -> bool:
    """Whether this is the mark of a process, and that is gone."""
    pid, _colon, start_time = text.partition(":")
    if not (pid.isdecimal() and start_time.isdecimal()):
        return False
    return not Process(int(pid), int(start_time)).alive()
