"""A new volume takes over what the image has at its path."""

from __future__ import annotations

import errno
import os
from contextlib import suppress

from ..linux import libc, treecopy
from ..linux.trees import remove_tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..linux.saferoot import SafeRoot

_STAGE = "_seed"
_INNER_STAGE, _INNER_READY = ".skiff-seed", ".skiff-seeded"
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


def fill(source: SafeRoot, path: str, folder: str) -> bool:
    """Do the same in a `folder` that something is mounted over, whose place no other folder can take.

    What a killed call has copied as a whole is put in its place by the next one. One that is read-only stays as it is.
    """
    place = os.open(folder, _FOLDER)
    try:
        if os.fstatvfs(place).f_flag & os.ST_RDONLY:
            return False
        found = set(os.listdir(place))
        if _INNER_READY not in found:
            if found - {_INNER_STAGE}:
                return False
            _copy_inside(source, path, place)
        _move_up(place)
        return True
    finally:
        os.close(place)


def _copy_inside(source: SafeRoot, path: str, place: int) -> None:
    remove_tree(place, _INNER_STAGE)  # of a call that was killed
    origin = source.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.mkdir(_INNER_STAGE, 0o700, dir_fd=place)
        staged = os.open(_INNER_STAGE, _FOLDER, dir_fd=place)
        try:
            treecopy.copy(origin, staged)
            libc.syncfs(staged)
        finally:
            os.close(staged)
        os.rename(_INNER_STAGE, _INNER_READY, src_dir_fd=place, dst_dir_fd=place)
    except BaseException:
        remove_tree(place, _INNER_STAGE)
        raise
    finally:
        os.close(origin)


def _move_up(place: int) -> None:
    staged = os.open(_INNER_READY, _FOLDER, dir_fd=place)
    try:
        for name in os.listdir(staged):
            os.rename(name, name, src_dir_fd=staged, dst_dir_fd=place)
        status = os.fstat(staged)
        with suppress(PermissionError):  # the top of somebody else's file system
            os.fchown(place, status.st_uid, status.st_gid)
            os.fchmod(place, status.st_mode & 0o7777)
        os.rmdir(_INNER_READY, dir_fd=place)
        os.fsync(place)
    finally:
        os.close(staged)


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
