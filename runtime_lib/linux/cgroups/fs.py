"""Reading, writing and walking cgroup folders."""

from __future__ import annotations

import errno
import os
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_FIRST_PAUSE = 0.0005


def until(deadline: float) -> Iterator[None]:
    """Yield at once, then after growing pauses, until the deadline has passed."""
    pause = _FIRST_PAUSE
    while True:
        yield
        if time.monotonic() > deadline:
            return
        time.sleep(pause)
        pause = min(pause * 2, 0.05)


def tree(folder: str) -> Iterator[str]:
    """Yield the folder and those below it, parents first."""
    yield folder
    try:
        entries = [entry.path for entry in os.scandir(folder) if entry.is_dir(follow_symlinks=False)]
    except FileNotFoundError:
        return
    for path in entries:
        yield from tree(path)


def pids(folder: str) -> list[int]:
    """Return the processes of one folder, without those below it; none when it is gone."""
    try:
        return [int(word) for word in read(f"{folder}/cgroup.procs").split()]
    except FileNotFoundError:
        return []
    except OSError as error:
        if error.errno in (errno.ENODEV, errno.EOPNOTSUPP):
            return []  # removed while we read; or a threaded group, whose processes the group above it lists
        raise


def read(path: str) -> str:
    """Return the text of a file."""
    with open(path, encoding="ascii", errors="surrogateescape") as file:
        return file.read()


def write(path: str, text: str) -> None:
    """Write a text by one call, as the kernel wants it. Raises OSError that says what was written where."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(descriptor, text.encode())
    except OSError as error:
        raise OSError(error.errno, f"{error.strerror} (writing {text!r})", path) from error
    finally:
        os.close(descriptor)
