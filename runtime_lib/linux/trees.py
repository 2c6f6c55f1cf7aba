"""Deleting and measuring a tree that somebody else wrote, by descriptors alone."""

from __future__ import annotations

import errno
import os
import stat

from . import libc, pathwalk

_RESOLVE = libc.RESOLVE_BENEATH | libc.RESOLVE_NO_SYMLINKS | libc.RESOLVE_NO_MAGICLINKS | libc.RESOLVE_NO_XDEV
_DEEPEST = 200  # folders held open at once; a process may often have 1024 descriptors
_GONE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.EXDEV, errno.ENAMETOOLONG)
_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW


def remove_tree(parent_fd: int, name: str) -> None:
    """Delete `name` (a folder with all it holds, or a single file) in the open folder `parent_fd`.

    Links are deleted, never followed, and no mount point is crossed: where something is mounted in the tree, OSError
    (EBUSY) with its path is raised and nothing of the mounted file system is touched. A name that does not exist is no
    error, so that an interrupted call can be made again.
    """
    if name in ("", ".", "..") or "/" in name:
        raise OSError(errno.EINVAL, "not a name inside a folder", name)
    # A stack of open folders, not recursion: a hostile tree may be deeper than the interpreter's stack.
    path = [name]
    stack: list[tuple[int, list[str]]] = [(os.dup(parent_fd), [name])]
    try:
        while stack:
            folder, names = stack[-1]
            if not names:
                stack.pop()
                os.close(folder)
                continue
            where = "/".join([*path[: len(stack) - 1], names[-1]])
            following = _remove_one(folder, names[-1], where)
            if following is None:
                names.pop()
            elif len(stack) < _DEEPEST:
                path[len(stack) - 1 :] = [names[-1]]
                stack.append(following)
            else:
                os.close(following[0])
                stack[1][1].insert(0, _lift(folder, names.pop(), stack[1][0]))
    finally:
        for folder, _names in stack:
            os.close(folder)


def tree_size(path: str) -> int:
    """Return the bytes of all files below a folder, as `docker ps --size` counts them: folders have none.

    A file with several names counts once. Links are not followed and mounts not entered; a folder that is not there has
    nothing, nor has one whose path is longer than the kernel takes. What changes meanwhile may be counted or not.
    """
    try:
        top = os.open(path, _FLAGS | os.O_CLOEXEC)
    except FileNotFoundError:
        return 0
    sizes: dict[tuple[int, int], int] = {}  # of files with several names
    total = 0
    folders = ["."]
    try:
        while folders:
            for status in _files(top, folders.pop(), folders):
                if status.st_nlink == 1:
                    total += status.st_size
                else:
                    sizes[(status.st_dev, status.st_ino)] = status.st_size
    finally:
        os.close(top)
    return total + sum(sizes.values())


def _files(top: int, path: str, folders: list[str]) -> list[os.stat_result]:
    """Return what is known of the files in a folder, and add the paths of its folders to `folders`."""
    found = []
    try:
        folder = pathwalk.open_at(top, path, _FLAGS, 0, _RESOLVE)
    except OSError as error:
        if error.errno in _GONE:
            return []
        raise
    try:
        for name in os.listdir(folder):
            try:
                status = os.lstat(name, dir_fd=folder)
            except FileNotFoundError:
                continue
            if stat.S_ISDIR(status.st_mode):
                folders.append(f"{path}/{name}")
            else:
                found.append(status)
    finally:
        os.close(folder)
    return found


def _lift(folder: int, name: str, top: int) -> str:
    """Move a folder that lies too deep to the top of its tree; return its new name there."""
    new = f".skiff-{os.urandom(8).hex()}"
    os.rename(name, new, src_dir_fd=folder, dst_dir_fd=top)
    return new


def _remove_one(folder: int, name: str, where: str) -> tuple[int, list[str]] | None:
    """Remove a leaf or an empty folder; return (descriptor, names) of a folder that has to be emptied first."""
    try:
        if not stat.S_ISDIR(os.lstat(name, dir_fd=folder).st_mode):
            os.unlink(name, dir_fd=folder)
            return None
        try:
            os.rmdir(name, dir_fd=folder)
            return None
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
        return _open(folder, name)
    except FileNotFoundError:
        return None
    except OSError as error:
        if error.errno in (errno.EBUSY, errno.EXDEV):
            raise OSError(errno.EBUSY, "something is mounted there: unmount it first", where) from error
        raise OSError(error.errno, os.strerror(error.errno or 0), where) from error


def _open(folder: int, name: str) -> tuple[int, list[str]]:
    descriptor = pathwalk.open_at(folder, name, _FLAGS, 0, _RESOLVE)
    try:
        return descriptor, os.listdir(descriptor)
    except BaseException:
        os.close(descriptor)
        raise
