"""Several layers made into one: the archive of each is unpacked over those of the ones before it."""

from __future__ import annotations

import os
import stat
from contextlib import suppress

from . import inodes, writer
from .extract import OPAQUE, WHITEOUT, Extractor, every_entry
from .tarreader import TarReader

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ..linux.saferoot import SafeRoot


def merge(folders: Sequence[str], root: SafeRoot, lies_below: Callable[[str], bool]) -> None:
    """Make the folders of layers, the lowest first, one layer in `root`, which is closed at the end.

    `lies_below` says whether a path, without a leading slash, is in the layers that the outcome lies on: what is not
    there needs no whiteout. Raises OSError, and CorruptData for a layer that changes meanwhile.
    """
    with _Merger(root, lies_below) as merger:
        for folder in folders:
            every_entry(TarReader(_reader(writer.pieces(folder))), merger, folder)


class _Merger(Extractor):
    """Takes whiteouts for those of a layer above: they remove what an entry before them has made."""

    def __init__(self, root: SafeRoot, lies_below: Callable[[str], bool]) -> None:
        super().__init__(root)
        self._lies_below = lies_below

    def _hides(self, _present: os.stat_result) -> bool:
        return True  # the lower layers' folder, if there is one, was hidden by what is replaced

    def _whiteout(self, head: str, name: str) -> None:
        parent = self._parent(head)
        if name == OPAQUE:
            for each in _names(parent):
                self._clear(parent, each)
            return inodes.make_opaque(".", self._parent(head))
        hidden = name[len(WHITEOUT) :]
        with suppress(FileNotFoundError):
            self._clear(parent, hidden)
        if self._lies_below(f"{head}/{hidden}" if head else hidden):
            os.mknod(hidden, stat.S_IFCHR | 0o600, os.makedev(0, 0), dir_fd=self._parent(head))


def _names(folder: int) -> list[str]:
    descriptor = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=folder)
    try:
        return os.listdir(descriptor)
    finally:
        os.close(descriptor)


def _reader(pieces: Iterator[bytes]) -> Callable[[], bytes]:
    return lambda: next(pieces, b"")
