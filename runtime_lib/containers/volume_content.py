"""The content of a volume, mended first: a restore that was killed has left the old entries of a mounted one aside."""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager

from ..errors import Busy
from ..linux.trees import remove_tree
from ..volumes import mounting

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..store import Store
    from ..volumes.model import Volume

# the new content; the old one while it is moved there, when all of it is there, and when the new one has its place
INNER_STAGE, INNER_MOVING, INNER_OLD, INNER_DONE = (
    ".skiff-restore",
    ".skiff-replacing",
    ".skiff-replaced",
    ".skiff-gone",
)
INNER = frozenset((INNER_STAGE, INNER_MOVING, INNER_OLD, INNER_DONE))
FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@contextmanager
def used(store: Store, volume: Volume) -> Iterator[str]:
    """Give the folder with the content for a block, as `mounting.used` does."""
    with mounting.used(store, volume) as folder:
        if volume.spec.driver_options and not INNER.isdisjoint(os.listdir(folder)):
            _mend(store, volume.name, folder)
        yield folder


def _mend(store: Store, name: str, folder: str) -> None:
    try:
        with store.lock("volume-content", name, patience=0.0):
            place = os.open(folder, FOLDER)
            try:
                recover(place)
                if _ours(place, INNER_STAGE):
                    remove_tree(place, INNER_STAGE)
            finally:
                os.close(place)
    except Busy:
        return  # a restore is in progress


def recover(folder: int) -> None:
    """Put back what an exchange that failed or was killed has moved aside; finish one that was complete."""
    _put_back(folder, INNER_MOVING)
    if _ours(folder, INNER_OLD):  # all that was there is in it, so what stands in its place is new
        for name in set(os.listdir(folder)) - {INNER_OLD, INNER_STAGE}:
            remove_tree(folder, name)
        _put_back(folder, INNER_OLD)
    if _ours(folder, INNER_DONE):
        remove_tree(folder, INNER_DONE)


def _ours(folder: int, name: str) -> bool:
    """Whether we have made it; no user of a container is to have others' files removed by our name for it."""
    try:
        status = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid()


def _put_back(folder: int, name: str) -> None:
    if not _ours(folder, name):
        return
    old = os.open(name, FOLDER, dir_fd=folder)
    try:
        for entry in os.listdir(old):
            os.rename(entry, entry, src_dir_fd=old, dst_dir_fd=folder)
    finally:
        os.close(old)
    os.rmdir(name, dir_fd=folder)
