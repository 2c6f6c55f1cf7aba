"""A build context as a lower layer: what `.dockerignore` excludes is hidden by whiteouts above it."""

from __future__ import annotations

import os
import posixpath
import stat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .sources import Entry, Tree


def lower(tree: Tree, folder: str, scratch: str) -> tuple[str, ...]:
    """Return the folders, top first, that show a context without what is excluded. `scratch` is an empty folder."""
    entries = {entry.path: entry for entry in tree.everything()}
    shown = {""}
    for path in entries:
        if not tree.excludes(path):
            while path not in shown:
                shown.add(path)
                path = posixpath.dirname(path)
    hidden = [path for path in entries if path not in shown and posixpath.dirname(path) in shown]
    if not hidden:
        return (folder,)
    dressed(f"{scratch}/hidden", folder)
    for path in hidden:
        _make_parents(f"{scratch}/hidden", entries, posixpath.dirname(path))
        os.mknod(f"{scratch}/hidden/{path}", stat.S_IFCHR, os.makedev(0, 0))  # a whiteout of overlayfs
    return (f"{scratch}/hidden", folder)


def dressed(path: str, model: str) -> None:
    """Make a folder with the mode and owner of another one of ours: the top layer decides what a folder has."""
    _dress(path, os.stat(model))


def _make_parents(top: str, entries: dict[str, Entry], path: str) -> None:
    done = ""
    for name in [part for part in path.split("/") if part]:
        done = posixpath.join(done, name)
        if not os.path.isdir(f"{top}/{done}"):
            _dress(f"{top}/{done}", entries[done].status)


def _dress(path: str, status: os.stat_result) -> None:
    os.mkdir(path)
    os.chown(path, status.st_uid, status.st_gid)
    os.chmod(path, stat.S_IMODE(status.st_mode))
