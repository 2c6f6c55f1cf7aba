"""Save images as a folder with an OCI image layout (OCI image-spec, image-layout.md)."""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager, suppress

from ..errors import InvalidSpec
from ..linux import libc, trees
from . import extract, layers
from .save import save
from .tarreader import TarReader

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..store import Store
    from .selection import Selected

_MARK = "oci-layout"


def check(path: str) -> None:
    """Raise InvalidSpec unless there can be a layout at `path`: nothing, an empty folder or a layout is there."""
    target = os.path.realpath(path)
    if not os.path.isdir(os.path.dirname(target)):
        raise InvalidSpec(f"cannot write {path}: the folder {os.path.dirname(target)} does not exist")
    if not os.path.lexists(target):
        return
    if not os.path.isdir(target):
        raise InvalidSpec(f"cannot write an OCI layout to {path}: it is there, and it is no folder")
    if os.listdir(target) and not os.path.isfile(f"{target}/{_MARK}"):
        raise InvalidSpec(f"cannot write an OCI layout to {path}: the folder holds something else; name an empty one")


def replace(store: Store, selected: Sequence[Selected], path: str) -> None:
    """Have the folder `path` be a layout of the images, and of no others; the old one is there until it is complete.

    A new folder may be entered by its owner alone, as images hold secrets; an old one keeps its mode. Raises
    InvalidSpec as `check`, CorruptData for a damaged layer, OSError.
    """
    check(path)
    target = os.path.realpath(path)
    with _beside(target) as (parent, work):
        fill(store, selected, f"{work}/new")
        with suppress(FileNotFoundError):
            os.chmod(f"{work}/new", stat.S_IMODE(os.stat(target).st_mode))
        libc.syncfs(parent)  # no power cut may leave the name without the content
        with suppress(FileNotFoundError):
            os.rename(target, f"{work}/old")
        os.rename(f"{work}/new", target)
        os.fsync(parent)


def fill(store: Store, selected: Sequence[Selected], path: str) -> None:
    """Write the files of a layout into a folder, which is made when it is missing."""
    with suppress(FileExistsError):
        os.mkdir(path, 0o700)
    with layers.scratch(store) as work, open(f"{work}/archive", "w+b") as file:
        save(store, selected, file.fileno())
        file.seek(0)
        extract.layer(TarReader(file.read), path)


@contextmanager
def _beside(target: str) -> Iterator[tuple[int, str]]:
    """Give the open folder of `target`, and the path of one of our own in it that is gone afterwards."""
    folder, name = os.path.split(target)
    work = f".{name[:180]}.{os.urandom(6).hex()}.tmp"
    parent = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.mkdir(work, 0o700, dir_fd=parent)
        try:
            yield parent, f"{folder}/{work}"
        finally:
            trees.remove_tree(parent, work)
    finally:
        os.close(parent)
