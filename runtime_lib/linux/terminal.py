"""Pseudo-terminals (pty(7), ioctl_tty(2)) by descriptor alone: no path of a container's /dev/pts is trusted."""

from __future__ import annotations

import errno
import fcntl
import os

_TIOCGPTPEER = 0x5441
_TIOCSCTTY = 0x540E
_TIOCSPTLCK = 0x40045431
_TIOCSWINSZ = 0x5414


def open_pair(devpts: int) -> tuple[int, int]:
    """Return (master, slave) of a new terminal of the devpts instance whose root folder `devpts` is.

    Needs the host's /proc. Raises OSError, with ENODEV when there is no terminal multiplexer.
    """
    master = _open_multiplexer(devpts)
    try:
        fcntl.ioctl(master, _TIOCSPTLCK, bytes(4))
        slave = fcntl.ioctl(master, _TIOCGPTPEER, os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        os.close(master)
        raise
    return master, slave


def resize(descriptor: int, rows: int, columns: int) -> None:
    """Set the size; the processes of the foreground group get SIGWINCH."""
    fcntl.ioctl(descriptor, _TIOCSWINSZ, rows.to_bytes(2, "little") + columns.to_bytes(2, "little") + bytes(4))


def take_control(slave: int) -> None:
    """Make a terminal the controlling one of the caller, which must be the leader of a session without a terminal."""
    fcntl.ioctl(slave, _TIOCSCTTY, 0)


def _open_multiplexer(devpts: int) -> int:
    """Open `ptmx` for reading and writing once it is known to be that device: opening another one may do anything."""
    found = os.open("ptmx", os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=devpts)
    try:
        status = os.fstat(found)
        if status.st_mode & 0o170000 != 0o020000 or status.st_rdev != os.makedev(5, 2):
            raise OSError(errno.ENODEV, "not the terminal multiplexer", "/dev/pts/ptmx")
        return os.open(f"/proc/self/fd/{found}", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
    finally:
        os.close(found)
