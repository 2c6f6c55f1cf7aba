"""Children that are born in a cgroup."""

from __future__ import annotations

import os

from .. import libc


def fork(folder: str) -> tuple[int, bool]:
    """fork(2) for a process with one thread: return (pid, whether this is the child and was born in `folder`).

    `folder` is a version 2 group, or "". Moving a process waits for a grace period of RCU (6 to 18 ms were seen),
    being born does not. Where the kernel cannot (Linux < 5.7, a filter around us), it is a plain fork.
    """
    if not folder:
        return os.fork(), False
    descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        pid = libc.fork_into(descriptor)
        return pid, pid == 0
    except OSError:
        return os.fork(), False  # whatever really is wrong shows when the child enters the group
    finally:
        os.close(descriptor)
