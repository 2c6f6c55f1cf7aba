"""The log of what happened, which `skiff events` reads: JSON lines that any process appends to.

It lies in the run folder, so it costs no disk and ends with the boot. A full file becomes `.1` in place of the one
before. Only built-in modules: monitors write it, too.
"""

from __future__ import annotations

import posix
import time

from .jsontext import compact

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

NAME = "events.log"
LIMIT = 1024 * 1024  # bytes of one file
_FLAGS = posix.O_WRONLY | posix.O_APPEND | posix.O_CREAT | posix.O_NOFOLLOW | posix.O_CLOEXEC


def append(run: str, kind: str, actions: tuple[str, ...], actor: str, attributes: Mapping[str, str]) -> None:
    """Note that something has happened to an object of `kind` with the id `actor`; `run` is the run folder.

    Never fails: what happened has happened, also where the memory for the log is used up.
    """
    lines = ""
    for action in actions:
        now = time.time_ns()
        values = {"Type": kind, "Action": action, "ID": actor, "Attributes": dict(attributes), "timeNano": now}
        lines += f"{compact(values)}\n"
    try:
        _write(f"{run}/{NAME}", lines.encode("ascii", "replace"))
    except OSError:
        return


def _write(path: str, data: bytes) -> None:
    descriptor = posix.open(path, _FLAGS, 0o600)
    try:
        posix.write(descriptor, data)  # at the end, in one piece: that is what O_APPEND means
        if posix.fstat(descriptor).st_size > LIMIT:
            _rotate(path, descriptor)
    finally:
        posix.close(descriptor)


def _rotate(path: str, descriptor: int) -> None:
    """Make way for a new file, unless somebody else has done so: whoever has this file's lock may rename it."""
    try:
        posix.lockf(descriptor, posix.F_TLOCK, 0)
    except OSError:
        return
    if posix.stat(path).st_ino == posix.fstat(descriptor).st_ino:
        posix.rename(path, f"{path}.1")
