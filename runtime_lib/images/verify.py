"""Whether the tree of a stored layer is what its digest says: content, names, types, modes, owners, attributes."""

from __future__ import annotations

import hashlib
import os
import stat

from ..errors import CorruptData
from ..linux.saferoot import SafeRoot
from . import reassembly
from .expected import WHITEOUT, Expected
from .tarreader import TarReader

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..store import Store
    from .expected import Inode
    from .layers import Layer

_OPEN_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def layer(store: Store, found: Layer, quick: bool = False) -> str:
    """Return in words what is wrong with a layer, "" for one that is as it was.

    Its archive is made again from the tree and hashed, which takes as long as reading all its files; `quick` only looks
    whether the tree is there.
    """
    tree = f"{store.layout.layers}/{found.folder}"
    if not os.path.isdir(tree):
        return f"its folder {tree} is gone"
    if quick:
        return ""
    try:
        return _difference(store, found, tree)
    except (CorruptData, OSError) as error:
        return str(error)


def _difference(store: Store, found: Layer, tree: str) -> str:
    total = hashlib.sha256()

    def hashed() -> Iterator[bytes]:
        for piece in reassembly.pieces(store, found):
            total.update(piece)
            yield piece

    pieces = hashed()
    with SafeRoot.at(tree) as root:
        expected = Expected(root)
        for entry in TarReader(lambda: next(pieces, b"")):
            expected.add(entry)
        if f"sha256:{total.hexdigest()}" != found.diff_id:
            return reassembly.damage(store, found)
        return next(_differences(root, expected), "")


def _differences(root: SafeRoot, expected: Expected) -> Iterator[str]:
    seen = {""}
    for path, status in _walk(root):
        seen.add(path)
        inode = expected.paths.get(path)
        if inode is None and not (path in expected.implied and stat.S_ISDIR(status.st_mode)):
            yield f"/{path} does not belong to it"
        elif inode is not None:
            word = _wrong(root, path, status, inode)
            if word:
                yield f"/{path} has another {word} than it had"
    for path in sorted(expected.paths.keys() - seen):
        yield f"/{path} is missing"


def _walk(root: SafeRoot) -> Iterator[tuple[str, os.stat_result]]:
    folders = [""]  # no recursion: a hostile tree may be deeper than the interpreter's stack
    while folders:
        folder = folders.pop()
        descriptor = root.open(f"/{folder}", _OPEN_FOLDER)
        try:
            with os.scandir(descriptor) as entries:
                found = sorted((entry.name, entry.stat(follow_symlinks=False)) for entry in entries)
        finally:
            os.close(descriptor)
        for name, status in found:
            path = f"{folder}/{name}" if folder else name
            yield path, status
            if stat.S_ISDIR(status.st_mode):
                folders.append(path)


def _wrong(root: SafeRoot, path: str, status: os.stat_result, inode: Inode) -> str:
    """Return the word for what differs, "" when nothing does."""
    if stat.S_IFMT(status.st_mode) != inode.kind:
        return "type"
    if inode is WHITEOUT:
        return "device number" if status.st_rdev else ""
    if inode.kind != stat.S_IFLNK and stat.S_IMODE(status.st_mode) != inode.mode:
        return "mode"
    if (status.st_uid, status.st_gid) != inode.owner:
        return "owner"
    if inode.kind == stat.S_IFREG and status.st_size != inode.size:
        return "size"
    if inode.kind in (stat.S_IFCHR, stat.S_IFBLK) and status.st_rdev != inode.device:
        return "device number"
    return _wrong_details(root, path, inode)


def _wrong_details(root: SafeRoot, path: str, inode: Inode) -> str:
    if inode.kind != stat.S_IFLNK and not inode.xattrs:
        return ""
    descriptor = root.open(f"/{path}", os.O_PATH | os.O_NOFOLLOW)
    try:
        if inode.kind == stat.S_IFLNK:
            return "" if os.readlink("", dir_fd=descriptor) == inode.link else "target"
        return "" if all(_has(descriptor, key, value) for key, value in inode.xattrs) else "set of extended attributes"
    finally:
        os.close(descriptor)


def _has(descriptor: int, key: str, value: bytes) -> bool:
    try:
        return os.getxattr(f"/proc/self/fd/{descriptor}", key) == value
    except OSError:
        return key.startswith("user.")  # not every file system and not every kind of file takes those
