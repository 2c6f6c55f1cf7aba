"""Exchanging two names in one step."""

from __future__ import annotations

import os

from . import libc

_EXCHANGE = 2


def exchange(folder: int, one: str, other: str) -> None:
    """Exchange two names of an open folder (renameat2(2), RENAME_EXCHANGE). Raises OSError."""
    libc.syscall("renameat2", folder, os.fsencode(one), folder, os.fsencode(other), _EXCHANGE, path=one)
