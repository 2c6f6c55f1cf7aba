"""A process is (pid, start time): a pid alone may belong to somebody else by now."""

from __future__ import annotations

import errno
import os
import time

from . import libc


class Process:
    """One process, for as long as it lives.

    `start_time` is field 22 of proc_pid_stat(5): clock ticks since boot.
    """

    __slots__ = ("pid", "start_time")

    def __init__(self, pid: int, start_time: int) -> None:
        self.pid = pid
        self.start_time = start_time

    @classmethod
    def of(cls, pid: int) -> Process:
        """Return the process that has this pid now. Raises ProcessLookupError when there is none."""
        return cls(pid, _stat(pid)[1])

    def alive(self) -> bool:
        """Whether it runs; a zombie does not."""
        try:
            state, start_time = _stat(self.pid)
        except ProcessLookupError:
            return False
        return start_time == self.start_time and state not in ("Z", "X", "x")

    def age(self) -> int:
        """Return the nanoseconds since it was started, whatever the clock has been set to since then."""
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME) - self.start_time * 10**9 // os.sysconf("SC_CLK_TCK")

    def open(self) -> int:
        """Return a pidfd of it. Raises ProcessLookupError when it is gone."""
        try:
            pidfd = libc.pidfd_open(self.pid)
        except OSError as error:
            if error.errno != errno.EINVAL:
                raise
            # Linux < 6.15 says so of one that is gone while its number still names a process group or a session.
            raise ProcessLookupError(3, "No such process", f"/proc/{self.pid}") from None
        if not self.alive():
            os.close(pidfd)
            raise ProcessLookupError(3, "No such process", f"/proc/{self.pid}")
        return pidfd

    def signal(self, number: int) -> None:
        """Send a signal to it, and to nobody else. Raises ProcessLookupError when it is gone."""
        pidfd = self.open()
        try:
            libc.pidfd_send_signal(pidfd, number)
        finally:
            os.close(pidfd)


def _stat(pid: int) -> tuple[str, int]:
    """Return (state, start time)."""
    try:
        descriptor = os.open(f"/proc/{pid}/stat", os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        raise ProcessLookupError(3, "No such process", f"/proc/{pid}") from None
    try:
        text = os.read(descriptor, 4096)
    finally:
        os.close(descriptor)
    fields = text[text.rindex(b")") + 2 :].split()  # the name before it may hold blanks and brackets
    return fields[0].decode(), int(fields[19])
