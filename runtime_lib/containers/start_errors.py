"""Why a program could not be started, in one sentence, with Docker's exit code."""

from __future__ import annotations

import errno

from ..errors import CommandFailed

# runc's own words for the common ones; 127 is "not found", 126 "found, but cannot be executed" (docker-run(1)).
_NOT_FOUND = 127
_CANNOT = 126


def explain(name: str, error: OSError) -> Exception:
    """Return the error of a start or exec: CommandFailed when the user's program is to blame, else the error itself."""
    stage = getattr(error, "stage", "runtime")
    path = error.filename or ""
    reason = (error.strerror or str(error)).rstrip(".")
    if stage == "exec":
        if error.errno == errno.ENOENT:
            return CommandFailed(f"container {name}: {path!r} was not found in it, nor in its PATH", _NOT_FOUND)
        return CommandFailed(f"container {name}: cannot execute {path!r}: {reason}", _CANNOT)
    if stage == "cwd":
        return CommandFailed(f"container {name}: cannot change to the working directory {path!r}: {reason}", _CANNOT)
    if stage == "runtime":
        return error
    where = f" {path}" if path else ""
    return OSError(error.errno or errno.EIO, f"container {name} cannot be started: {stage}{where}: {reason}")
