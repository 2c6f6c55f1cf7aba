"""A new volume takes over what the image has at its path."""

from __future__ import annotations

import errno
import os

from ..linux import libc, treecopy
from ..linux.trees import remove_tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..linux.saferoot import SafeRoot

_STAGE = "_seed"
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def copy_up(source: SafeRoot, path: str, folder: str) -> bool:
    """Copy the folder `path` of `source` into a volume's empty `folder`, with the folder's own owner and mode.

    Owners, modes, times, extended attributes, hard links, devices and holes are kept; links are copied as links and
    never followed. Returns False, and touches nothing, when the volume holds something already or `path` is no folder.
    The copy appears all at once: a kill before that leaves the volume empty. Raises OSError.
    """
    try:
        origin = source.open(path, os.O_RDONLY | os.O_DIRECTORY)
    except (FileNotFoundError, NotADirectoryError):
        return False
    volume = os.open(os.path.dirname(folder), _FOLDER)
    try:
        if os.listdir(folder):
            return False
        return _stage(origin, volume, os.path.basename(folder))
    finally:
        os.close(origin)
        os.close(volume)


def _stage(origin: int, volume: int, name: str) -> bool:
    remove_tree(volume, _STAGE)  # of a call that was killed
    os.mkdir(_STAGE, 0o700, dir_fd=volume)
    try:
        staged = os.open(_STAGE, _FOLDER, dir_fd=volume)
        try:
            treecopy.copy(origin, staged)
            libc.syncfs(staged)  # no power cut may leave names without content: it would be taken for the user's own
        finally:
            os.close(staged)
        # rename(2) takes the place of an empty folder in one step, and refuses when it is not empty any more.
        os.rename(_STAGE, name, src_dir_fd=volume, dst_dir_fd=volume)
        os.fsync(volume)
    except BaseException as error:
        remove_tree(volume, _STAGE)
        if isinstance(error, OSError) and error.errno in (errno.ENOTEMPTY, errno.EEXIST):
            return False
        raise
    return True
