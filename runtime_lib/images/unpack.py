"""Unpack an archive into a tree that is there already, as `docker cp` does: nothing is hidden, folders are merged."""

from __future__ import annotations

import os
import stat

from ..errors import WrongState
from ..linux.saferoot import SafeRoot
from . import tarheader
from .extract import Extractor
from .paths import split

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .tarheader import Entry
    from .tarreader import TarReader


def unpack(
    reader: TarReader,
    root: SafeRoot,
    folder: str,
    owner: tuple[int, int] | None = None,
    mode: int | None = None,
) -> None:
    """Make all members of an archive below `folder` of a tree, which stays open.

    `owner` is (uid, gid) of all, and `mode` that of the files, where they are not to be those of the archive.
    A folder does not take the place of a file, nor a file that of a folder: WrongState. Raises CorruptData, OSError.
    """
    with _Unpacker(SafeRoot(os.dup(root.descriptor)), folder.strip("/"), owner, mode) as unpacker:
        for entry in reader:
            unpacker.add(entry, reader)
        unpacker.finish()


class _Unpacker(Extractor):
    def __init__(self, root: SafeRoot, folder: str, owner: tuple[int, int] | None, mode: int | None) -> None:
        super().__init__(root)
        self._folder_path = folder
        self._owner = owner
        self._mode = mode

    def __enter__(self) -> _Unpacker:
        return self

    def add(self, entry: Entry, reader: TarReader) -> None:
        """Make what one entry says; the archive's own root is the folder, which stays as it is."""
        head, name = split(entry.name)
        if not name:
            return
        if entry.link and entry.kind == tarheader.HARD_LINK:
            entry.link = f"{self._folder_path}/{'/'.join(split(entry.link))}"
        if self._owner:
            entry.uid, entry.gid = self._owner
        if self._mode is not None and entry.kind == tarheader.REGULAR:
            entry.mode = self._mode
        self._make(entry, f"{self._folder_path}/{head}".strip("/"), name, reader)

    def _folder(self, entry: Entry, parent: int, head: str, name: str) -> None:
        try:
            present = os.stat(name, dir_fd=parent, follow_symlinks=False)
        except FileNotFoundError:
            pass
        else:
            if not stat.S_ISDIR(present.st_mode):
                raise WrongState(
                    f"/{head}/{name} is no folder there, and a folder cannot take its place; remove it first"
                )
        super()._folder(entry, parent, head, name)

    def _clear(self, parent: int, name: str) -> None:
        if stat.S_ISDIR(os.stat(name, dir_fd=parent, follow_symlinks=False).st_mode):
            raise WrongState(f"{name} is a folder there, and nothing else can take its place; remove it first")
        super()._clear(parent, name)
