"""The one opener for paths inside a tree that somebody else wrote (a container's root, a volume, a build context).

Every path is resolved as if the tree were `/`: absolute links and `..` stay inside (openat2(2), RESOLVE_IN_ROOT; see
`pathwalk` for older kernels). Magic links of procfs are refused. Nothing here joins paths and hands them to the kernel
by name.
"""

from __future__ import annotations

import errno
import os

from . import libc, pathwalk

_RESOLVE = libc.RESOLVE_IN_ROOT | libc.RESOLVE_NO_MAGICLINKS
_TRIES = 128  # the kernel answers EAGAIN while somebody renames on the way


class SafeRoot:
    """A tree, held by a descriptor of its root folder. Use it as a context manager, or call `close()`."""

    def __init__(self, descriptor: int) -> None:
        """Take over `descriptor`, an open folder."""
        self.descriptor = descriptor

    @classmethod
    def at(cls, path: str) -> SafeRoot:
        """Open a tree by its path on the host."""
        return cls(os.open(path, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC))

    def __enter__(self) -> SafeRoot:
        return self

    def __exit__(self, *_unused: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the root's descriptor."""
        os.close(self.descriptor)

    def open(self, path: str, flags: int = os.O_RDONLY, mode: int = 0) -> int:
        """Open `path` inside the tree; links are followed unless O_NOFOLLOW is given. Raises OSError with the path."""
        for _unused in range(_TRIES):
            try:
                return pathwalk.open_at(self.descriptor, path, flags, mode, _RESOLVE)
            except BlockingIOError:  # EAGAIN
                continue
        raise OSError(errno.EAGAIN, "the tree is being renamed all the time", path)

    def read(self, path: str, limit: int = 10 * 1024 * 1024) -> bytes:
        """Return the content of a regular file of at most `limit` bytes.

        Anything else (a FIFO, a device, a file that is too large) raises OSError at once, without reading.
        """
        descriptor = self.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
        try:
            status = os.fstat(descriptor)
            if status.st_mode & 0o170000 != 0o100000:
                raise OSError(errno.EINVAL, "not a regular file", path)
            if status.st_size > limit:
                raise OSError(errno.EFBIG, f"larger than {limit} bytes", path)
            with open(descriptor, "rb", closefd=False) as file:
                return file.read(limit)
        finally:
            os.close(descriptor)

    def folder(self, path: str, mode: int = 0o755) -> int:
        """Return an O_PATH descriptor of the folder `path`; missing folders are made with `mode`, owned by root."""
        try:
            return self.open(path, os.O_PATH | os.O_DIRECTORY)
        except FileNotFoundError:
            pass
        current = self.open("/", os.O_PATH | os.O_DIRECTORY)
        done = ""
        for name in [part for part in path.split("/") if part not in ("", ".")]:
            done = f"{done}/{name}"
            following = self._descend(current, name, done, mode)
            os.close(current)
            current = following
        return current

    def parent(self, path: str, mode: int | None = None) -> tuple[int, str]:
        """Return (descriptor of the folder that holds `path`, last name), for the *at() calls on the leaf.

        Missing folders are made with `mode`, or raise FileNotFoundError when it is None.
        """
        head, _unused, name = path.rstrip("/").rpartition("/")
        if name in ("", ".", ".."):
            raise OSError(errno.EINVAL, "not the name of a file", path)
        if mode is None:
            return self.open(head or "/", os.O_PATH | os.O_DIRECTORY), name
        return self.folder(head or "/", mode), name

    def _descend(self, current: int, name: str, done: str, mode: int) -> int:
        if name != "..":
            try:
                os.mkdir(name, mode, dir_fd=current)
                made = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=current)
                os.fchmod(made, mode)  # whatever the caller's umask is
                os.close(made)
            except FileExistsError:
                pass
        return self.open(done, os.O_PATH | os.O_DIRECTORY)
