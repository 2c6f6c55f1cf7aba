"""The cgroup of the monitors, by the files through which a process of one thread moves itself: `tasks` (version 1) and
`cgroup.procs` (version 2)."""

from __future__ import annotations

import posix

_LEVELS = 2  # of folders below the hierarchy: the installation's, and in it that of the monitors


def enter(files: list[str]) -> None:
    """Move this process into the group."""
    for path in files:
        _move(path)


def leave(files: list[str]) -> None:
    """Move this process out of the group, and remove it and the installation's one where they are empty."""
    for path in files:
        folder, _unused, name = path.rpartition("/")
        try:
            _move(f"{folder.rsplit('/', _LEVELS)[0]}/{name}")
            for _level in range(_LEVELS):
                posix.rmdir(folder)
                folder = folder.rpartition("/")[0]
        except OSError:
            continue  # somebody else is in it (EBUSY), or removes it as well: nothing is left to do


def _move(path: str) -> None:
    descriptor = posix.open(path, posix.O_WRONLY | posix.O_CLOEXEC)
    try:
        posix.write(descriptor, b"0")
    finally:
        posix.close(descriptor)
