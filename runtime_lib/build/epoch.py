"""`SOURCE_DATE_EPOCH` (reproducible-builds.org): one time for all that a build makes: then it makes the same bytes."""

from __future__ import annotations

import os

from ..errors import InvalidSpec

_LARGEST = 253402300799  # seconds: the end of the year 9999, the last one that RFC 3339 can say


def parse(text: str) -> int | None:
    """Return the nanoseconds since 1970 of a number of seconds; None for "". Raises InvalidSpec."""
    if not text:
        return None
    if not (text.isascii() and text.isdecimal()) or len(text) > 12 or int(text) > _LARGEST:
        raise InvalidSpec(f"SOURCE_DATE_EPOCH={text[:40]} is no number of seconds since 1970")
    return int(text) * 1_000_000_000


def limit(folder: str, latest: int) -> None:
    """Set times of change in a tree back to `latest` (nanoseconds since 1970) where they are later."""
    for _path, folders, files, descriptor in os.fwalk(folder, topdown=False):
        for name in (*folders, *files):
            status = os.stat(name, dir_fd=descriptor, follow_symlinks=False)
            if status.st_mtime_ns > latest:
                os.utime(name, ns=(latest, latest), dir_fd=descriptor, follow_symlinks=False)
    os.utime(folder, ns=(latest, latest))
