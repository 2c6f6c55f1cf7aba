"""Fill a volume from a tar archive: its content becomes that of the archive, all at once or not at all."""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress

from ..errors import InUse, InvalidSpec
from ..images import compression
from ..images.extract import Extractor, every_entry
from ..images.tarreader import TarReader
from ..linux import libc, renames
from ..linux.saferoot import SafeRoot
from ..linux.trees import remove_tree
from ..records import dataclass
from ..volumes import catalog, mounting
from .catalog import find, state
from .volume_backup import equal, pieces
from .volume_content import FOLDER, INNER, INNER_DONE, INNER_MOVING, INNER_OLD, INNER_STAGE, recover

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from ..images.tarheader import Entry
    from ..store import Store
    from ..volumes.model import Volume

_STAGE = "_restore"  # beside the content; below it where something is mounted there


@dataclass(frozen=True)
class Staged:
    """An archive that is unpacked beside a volume's content; `right` says that the content is the same already."""

    store: Store
    volume: Volume
    parent: str
    right: bool

    def put(self) -> None:
        """Put it in the place of the content. Raises InUse when a container that runs has the volume."""
        check_idle(self.store, self.volume.name)
        folder = os.open(self.parent, FOLDER)
        try:
            libc.syncfs(folder)  # no power cut may leave names without their content
            if self.parent == self.volume.folder:
                _exchange_entries(folder)
            else:
                renames.exchange(folder, _STAGE, os.path.basename(self.volume.folder))
            os.fsync(folder)
        finally:
            os.close(folder)


@contextmanager
def staged(store: Store, name: str, read: Callable[[], bytes]) -> Iterator[Staged]:
    """Unpack the archive that `read` returns piece by piece, in any compression, for a block; then it is removed again.

    Raises VolumeNotFound, InvalidSpec for a volume that keeps nothing, CorruptData for an archive that is damaged or
    leads out of the volume, OSError.
    """
    volume = catalog.find(store, name)
    _check_lasts(volume)
    with store.lock("volume-content", name), mounting.used(store, volume) as content:
        mounted = bool(volume.spec.driver_options)  # then it is always filled anew: the stage lies inside
        parent, stage = (content, INNER_STAGE) if mounted else (os.path.dirname(content), _STAGE)
        folder = os.open(parent, FOLDER)
        try:
            recover(folder)
            remove_tree(folder, stage)
            os.mkdir(stage, 0o755, dir_fd=folder)
            _unpack(f"{parent}/{stage}", read)
            yield Staged(store, volume, parent, not mounted and equal(pieces(f"{parent}/{stage}"), pieces(content)))
        finally:
            remove_tree(folder, stage)
            os.close(folder)


def check_idle(store: Store, name: str) -> None:
    """Raise InUse when a container runs that has the volume: it would not see the new content, or see half of it."""
    for user in catalog.users(store, name):
        if state(store, find(store, user)).running():
            raise InUse(f"volume {name} cannot be restored while container {user} runs on it: stop that first")


def _check_lasts(volume: Volume) -> None:
    if volume.memory:
        raise InvalidSpec(
            f"volume {volume.name} is memory that keeps nothing when its last user goes: let a container run on it, and"
            " copy into that one"
        )


def _unpack(folder: str, read: Callable[[], bytes]) -> None:
    with _Restorer(SafeRoot.at(folder)) as extractor, compression.opened(read) as plain:
        every_entry(TarReader(lambda: next(plain, b"")), extractor, folder)


class _Restorer(Extractor):
    """Names that hide something in a layer are plain names in a volume."""

    def add(self, entry: Entry, reader: TarReader) -> None:
        """Make what one entry says."""
        from ..images.paths import split

        head, name = split(entry.name)
        if name:
            self._make(entry, head, name, reader)
        else:
            self._root_folder(entry)


def _exchange_entries(folder: int) -> None:
    """Move all that is in a mounted volume aside and the new entries in: a mount point itself cannot be exchanged."""
    os.mkdir(INNER_MOVING, 0o700, dir_fd=folder)
    stage, old = (os.open(name, FOLDER, dir_fd=folder) for name in (INNER_STAGE, INNER_MOVING))
    try:
        _move(set(os.listdir(folder)) - INNER, folder, old)
        os.rename(INNER_MOVING, INNER_OLD, src_dir_fd=folder, dst_dir_fd=folder)
        _move(os.listdir(stage), stage, folder)
        status = os.fstat(stage)
        with suppress(PermissionError):  # the top of somebody else's file system
            os.fchown(folder, status.st_uid, status.st_gid)
            os.fchmod(folder, status.st_mode & 0o7777)
    except OSError:
        recover(folder)  # something is mounted in it, or the disk fails
        raise
    finally:
        os.close(stage)
        os.close(old)
    os.rename(INNER_OLD, INNER_DONE, src_dir_fd=folder, dst_dir_fd=folder)
    remove_tree(folder, INNER_DONE)


def _move(names: Iterable[str], source: int, target: int) -> None:
    for name in names:
        os.rename(name, name, src_dir_fd=source, dst_dir_fd=target)
