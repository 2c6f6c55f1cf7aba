"""What lies at a path of a tree, file by file: to tell whether a copy of it is the same."""

from __future__ import annotations

import errno
import hashlib
import os
import stat

from ..linux.saferoot import SafeRoot
from ..records import dataclass
from . import copy_paths

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_PIN = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC
_PIECE = 1 << 20
_SMALL = 1 << 16  # bytes of a single file that diff mode shows
FILE, FOLDER, LINK, OTHER = "file", "folder", "link", "other"


@dataclass(frozen=True)
class Seen:
    """One file. `content` tells one from another: a digest, a link's target, a device's number."""

    kind: str
    mode: int
    uid: int
    gid: int
    content: str
    text: bytes | None = None

    def same(self, other: Seen) -> bool:
        """Whether a copy would change nothing; nobody can give a link a mode."""
        mine, others = ((one.kind, one.uid, one.gid, one.content) for one in (self, other))
        return mine == others and (self.mode == other.mode or self.kind == LINK)


def seen(root: SafeRoot, path: str) -> dict[str, Seen]:
    """Return what is at a path ("" in the result) and below it ("inner/name"); nothing when nothing is there.

    The last name of the path is not followed. Sockets are left out, as no copy has them.
    """
    head, name = copy_paths.split(path)
    try:
        parent = root.open(head, os.O_PATH | os.O_DIRECTORY)
    except (FileNotFoundError, NotADirectoryError):
        return {}
    try:
        return _walk(parent, "." if name == "/" else name)
    finally:
        os.close(parent)


def _walk(parent: int, name: str) -> dict[str, Seen]:
    found: dict[str, Seen] = {}
    stack = [(os.dup(parent), "", [name])]  # not recursion: the tree may be deeper than the interpreter's own stack
    try:
        while stack:
            folder, prefix, names = stack[-1]
            if not names:
                os.close(stack.pop()[0])
                continue
            one = names.pop()
            path = f"{prefix}{one}" if len(stack) > 1 else ""
            entry = _one(folder, one, whole=not path)
            if entry is None:
                continue
            found[path] = entry
            if entry.kind == FOLDER:
                inner = os.open(one, _FOLDER, dir_fd=folder)
                below = sorted(os.listdir(inner), key=os.fsencode, reverse=True)
                stack.append((inner, f"{path}/" if path else "", below))
    finally:
        for folder, _prefix, _names in stack:
            os.close(folder)
    return found


def _one(folder: int, name: str, whole: bool) -> Seen | None:
    try:
        pinned = os.open(name, _PIN, dir_fd=folder)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR):
            return None
        raise
    try:
        status = os.fstat(pinned)
        owner = (stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid)
        if stat.S_ISDIR(status.st_mode):
            return Seen(FOLDER, *owner, "")
        if stat.S_ISLNK(status.st_mode):
            return Seen(LINK, *owner, os.readlink("", dir_fd=pinned))
        if not stat.S_ISREG(status.st_mode):
            return None if stat.S_ISSOCK(status.st_mode) else Seen(OTHER, *owner, f"{status.st_mode} {status.st_rdev}")
        digest, text = _content(pinned, whole and status.st_size <= _SMALL)
        return Seen(FILE, *owner, digest, text)
    finally:
        os.close(pinned)


def _content(pinned: int, kept: bool) -> tuple[str, bytes | None]:
    total = hashlib.sha256()
    parts: list[bytes] = []
    with open(f"/proc/self/fd/{pinned}", "rb", buffering=0) as file:
        while True:
            data = file.read(_PIECE)
            if not data:
                return total.hexdigest(), b"".join(parts) if kept else None
            total.update(data)
            if kept:
                parts.append(data)
