"""Waiting for children."""

from __future__ import annotations

import _signal  # the C part: `signal` imports `enum`, which costs every start milliseconds


def expect() -> None:
    """Let this process wait for its children, also when its caller ignores SIGCHLD (wait(2), NOTES)."""
    _signal.signal(_signal.SIGCHLD, _signal.SIG_DFL)
