"""Mounts by descriptor: made detached, given flags, attached to an open folder or file (fsopen(2), open_tree(2)).

A path names a mount's place only where the path is ours; a place inside a container's tree is always a descriptor.
"""

from __future__ import annotations

import errno
import os

from . import libc, overlayfs, pathwalk

MOUNT_ATTR_ATIME = 0x70  # the field of the four atime modes (mount_setattr(2))
_OPTION_LIMIT = 255  # bytes of one value; fsconfig(2) takes 256 with the NUL
_FLAGS = (  # (attribute of mount_setattr(2), flag of mount(2), flag of statvfs(3))
    (libc.MOUNT_ATTR_RDONLY, libc.MS_RDONLY, os.ST_RDONLY),
    (libc.MOUNT_ATTR_NOSUID, libc.MS_NOSUID, os.ST_NOSUID),
    (libc.MOUNT_ATTR_NODEV, libc.MS_NODEV, os.ST_NODEV),
    (libc.MOUNT_ATTR_NOEXEC, libc.MS_NOEXEC, os.ST_NOEXEC),
    (0x10, libc.MS_NOATIME, os.ST_NOATIME),
    (0x20, libc.MS_STRICTATIME, 0),
    (0x80, libc.MS_NODIRATIME, os.ST_NODIRATIME),
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    Options = Iterable[tuple[str, "str | None"]]


def filesystem(fstype: str, source: str, options: Options = (), attributes: int = 0) -> int:
    """Return the detached mount of a new file system. Raises OSError with the option that the kernel refuses."""
    context = libc.fsopen(fstype)
    try:
        if source:
            libc.fsconfig_string(context, "source", source)
        for key, value in options:
            _set(context, key, value)
        return libc.fsmount(context, attributes)
    except OSError as error:
        raise _explained(error, context) from error
    finally:
        os.close(context)


def overlay(lower: Sequence[str], upper: str, work: str, options: Options = (), attributes: int = 0) -> int:
    """Return the detached mount of an overlay; `lower` has the top layer first, no `upper` makes it read-only.

    Changes the working directory to `/`. As many layers as the kernel takes (500) fit, whatever their paths are.
    """
    context = overlayfs.context()
    try:
        libc.fsconfig_string(context, "source", "overlay")
        for key, value in options:
            _set(context, key, value)
        _set_layers(context, lower)
        if upper:
            _set_path(context, "upperdir", upper)
            _set_path(context, "workdir", work)
        return libc.fsmount(context, attributes)
    except OSError as error:
        raise _explained(error, context) from error
    finally:
        os.close(context)
        os.chdir("/")


def lacks_single_layers() -> bool:
    """Return whether overlayfs refuses layers one by one (`lowerdir+`): Linux < 6.7, with EINVAL in `overlay`.

    Linux < 6.5 takes any option, and refuses at the end of `overlay` without saying which.
    """
    context = overlayfs.context()
    try:
        if _takes(context, "no such option"):
            return True
        return not _takes(context, "lowerdir+", "/")
    finally:
        os.close(context)


def overlay_by_mount(
    lower: Sequence[str], upper: str, work: str, options: Options, attributes: int, target: str
) -> int:
    """Do what `overlay` does where `lacks_single_layers()`: mount at `target`, then detach.

    The options are one page for mount(2), so layers are named relative to the folder that holds all of them: more than
    200 of the store's fit. Raises OSError (E2BIG) where they do not.
    """
    folder = os.path.commonpath([os.path.dirname(path) for path in lower])
    names = ":".join(os.path.relpath(path, folder) for path in lower)
    words = [key if value is None else f"{key}={value}" for key, value in options]
    words.append(f"lowerdir={names}")
    if upper:
        words += [f"upperdir={upper}", f"workdir={work}"]
    flags = sum(flag for attribute, flag, _unused in _FLAGS if attributes & attribute)
    text = ",".join(words)
    if len(os.fsencode(text)) >= os.sysconf("SC_PAGE_SIZE"):  # the kernel would cut it
        raise OSError(errno.E2BIG, "too many layers: their names do not fit the page of options of Linux < 6.7", folder)
    os.chdir(folder)
    try:
        libc.mount("overlay", target, "overlay", flags, text)
    finally:
        os.chdir("/")
    mount = clone(libc.AT_FDCWD, target)
    libc.umount2(target, libc.MNT_DETACH)
    return mount


def overlay_on_any_kernel(lower: Sequence[str], upper: str, work: str, attributes: int = 0) -> int:
    """Do what `overlay` does, also on Linux < 6.7; the caller's mount namespace stays as it is."""
    try:
        return overlay(lower, upper, work, (), attributes)
    except OSError as error:
        if error.errno != errno.EINVAL or not lacks_single_layers():
            raise
    import threading

    done: list[int | OSError] = []

    def mount() -> None:
        try:
            libc.unshare(libc.CLONE_NEWNS)  # of this thread alone, with its working directory
            libc.mount(None, "/", None, libc.MS_PRIVATE | libc.MS_REC)
            done.append(overlay_by_mount(lower, upper, work, (), attributes, os.path.dirname(lower[0])))
        except OSError as error:
            done.append(error)

    thread = threading.Thread(target=mount)
    thread.start()
    thread.join()
    if isinstance(done[0], OSError):
        raise done[0]
    return done[0]


def clone(directory: int, path: str = "", recursive: bool = False) -> int:
    """Return a detached bind mount of what `path` names, or of what the descriptor `directory` is when it is empty."""
    flags = libc.OPEN_TREE_CLONE
    flags |= libc.AT_RECURSIVE if recursive else 0
    flags |= 0 if path else libc.AT_EMPTY_PATH
    return libc.open_tree(directory, path, flags)


def sends(path: str, back: bool) -> bool:
    """Whether mounts that are made below `path` later spread to its binds, with `back` also the other way.

    See "Propagation" in mount_namespaces(7).
    """
    descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        number = pathwalk.mount_of(descriptor).split()[1]
    finally:
        os.close(descriptor)
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as file:
        fields = next(words for words in map(str.split, file) if words[0] == number)
    tags = [word.partition(":")[0] for word in fields[6 : fields.index("-")]]
    return "shared" in tags or (not back and "master" in tags)


def is_point(path: str) -> bool:
    """Whether something is mounted over a file or folder; its file system is not touched, which may not answer.

    Names are written as proc_pid_mountinfo(5) has them.
    """
    place = os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))
    for character in "\\ \t\n":
        place = place.replace(character, f"\\{ord(character):03o}")
    with open("/proc/thread-self/mountinfo", encoding="utf-8", errors="surrogateescape") as file:
        return any(line.split(" ", 5)[4] == place for line in file)


def attach(mount: int, target: int) -> None:
    """Attach a detached mount at an open folder or file."""
    libc.move_mount(mount, target)


def change(mount: int, attr_set: int, attr_clr: int = 0, propagation: int = 0, recursive: bool = False) -> None:
    """Change flags and propagation of an attached mount; on Linux < 5.12 by mount(2) and of the top mount alone."""
    if not (attr_set or attr_clr or propagation):
        return
    if attr_set & MOUNT_ATTR_ATIME:
        attr_clr |= MOUNT_ATTR_ATIME
    try:
        libc.mount_setattr(mount, attr_set, attr_clr, propagation, recursive)
    except OSError as error:
        if error.errno != errno.ENOSYS:
            raise
        _change_by_mount(mount, attr_set, attr_clr, propagation, recursive)


def _change_by_mount(mount: int, attr_set: int, attr_clr: int, propagation: int, recursive: bool) -> None:
    path = f"/proc/self/fd/{mount}"
    if attr_set or attr_clr:
        present = os.fstatvfs(mount).f_flag
        flags = libc.MS_REMOUNT | libc.MS_BIND
        for attribute, flag, shown in _FLAGS:
            if attr_set & attribute or (present & shown and not attr_clr & attribute):
                flags |= flag
        libc.mount(None, path, None, flags)
    if propagation:
        libc.mount(None, path, None, propagation | (libc.MS_REC if recursive else 0))


def pivot(root: int) -> None:
    """Make the attached mount `root` the root of this mount namespace, and let go of the old one (pivot_root(2))."""
    old = os.open("/", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    os.fchdir(root)
    libc.pivot_root(".", ".")
    # The old root lies on top of the new one now. No mount event in it may reach the host; and from the new root, "."
    # would mean that one to mount(2), and cut the ties that binds are to have.
    os.fchdir(old)
    libc.mount(None, ".", None, libc.MS_SLAVE | libc.MS_REC)
    libc.umount2(".", libc.MNT_DETACH)
    os.close(old)
    os.chdir("/")


def _explained(error: OSError, context: int) -> OSError:
    """Return the error with what the kernel says about it: such a context can be read."""
    try:
        message = os.read(context, 1024).decode(errors="replace").strip()
    except OSError:
        return error  # ENODATA: nothing was said
    return OSError(error.errno, f"{error.strerror} ({message[2:]})", error.filename)


def _set(context: int, key: str, value: str | None) -> None:
    if value is None:
        libc.fsconfig_flag(context, key)
    else:
        libc.fsconfig_string(context, key, value)


def _takes(context: int, key: str, value: str | None = None) -> bool:
    try:
        _set(context, key, value)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        return False
    return True


def _set_layers(context: int, lower: Sequence[str]) -> None:
    for path in lower:
        _set_path(context, "lowerdir+", path)


def _set_path(context: int, key: str, path: str) -> None:
    if len(os.fsencode(path)) > _OPTION_LIMIT:
        os.chdir(os.path.dirname(path))
        path = os.path.basename(path)
    libc.fsconfig_string(context, key, path)
