"""Wait for changes of the files in a folder: inotify(7)."""

from __future__ import annotations

import ctypes
import os
import select

from . import libc

_libc = ctypes.CDLL(None, use_errno=True)
_MODIFY, _MOVED_FROM, _CREATE = 0x2, 0x40, 0x100
_BUFFER = 64 * 1024


class Watch:
    """A watch on the files of a folder; what is in its folders does not count. Use it as a context manager."""

    def __init__(self, folder: str) -> None:
        """Begin to watch. Raises OSError."""
        self._descriptor = _libc.inotify_init1(os.O_CLOEXEC | os.O_NONBLOCK)
        if self._descriptor < 0:
            libc.fail()
        if _libc.inotify_add_watch(self._descriptor, os.fsencode(folder), _MODIFY | _MOVED_FROM | _CREATE) < 0:
            number = ctypes.get_errno()
            os.close(self._descriptor)
            raise OSError(number, os.strerror(number), folder)

    def __enter__(self) -> Watch:
        return self

    def __exit__(self, *_unused: object) -> None:
        os.close(self._descriptor)

    def wait(self, seconds: float | None) -> bool:
        """Wait until something has changed since the last call, at most `seconds` (None: for ever)."""
        poll = select.poll()
        poll.register(self._descriptor, select.POLLIN)
        if not poll.poll(None if seconds is None else max(seconds, 0.0) * 1000):
            return False
        os.read(self._descriptor, _BUFFER)
        return True
