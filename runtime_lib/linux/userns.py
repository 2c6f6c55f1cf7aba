"""User namespaces as open descriptors, and mounts whose files belong to the users of one (user_namespaces(7))."""

from __future__ import annotations

import errno
import fcntl
import os
from contextlib import contextmanager

from ..errors import HostLacks
from . import capabilities, kernel, libc, mounts, namespaces

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import NoReturn

    Mappings = Sequence[dict[str, int]]

OLDEST = (5, 19)  # overlayfs refuses id-mapped layers before
_NS_GET_USERNS = 0xB701  # ioctl_ns(2)
_OWN = "/proc/self/ns/user"


def create(uid: Mappings, gid: Mappings) -> int:
    """Return the descriptor of a new user namespace with these maps (OCI linux.uidMappings); no process is in it.

    Raises OSError, HostLacks where the host allows no more of them.
    """
    with _somebody(lambda: libc.unshare(libc.CLONE_NEWUSER)) as pid:
        namespaces.write_mappings(pid, uid, gid)
        return os.open(f"/proc/{pid}/ns/user", os.O_RDONLY | os.O_CLOEXEC)


def born_in(userns: int, flag: int, name: str) -> int:
    """Return the descriptor of a new namespace of another kind (CLONE_NEW...; its `name` in /proc) of `userns`."""

    def enter() -> None:
        libc.setns(userns, libc.CLONE_NEWUSER)
        libc.unshare(flag)

    with _somebody(enter) as pid:
        return os.open(f"/proc/{pid}/ns/{name}", os.O_RDONLY | os.O_CLOEXEC)


@contextmanager
def _somebody(enter: Callable[[], None]) -> Iterator[int]:
    """Give the pid of a child that has called `enter`, for a block. A thread cannot change its user namespace."""
    ready, ready_end = os.pipe2(os.O_CLOEXEC)
    life, life_end = os.pipe2(os.O_CLOEXEC)
    pid = os.fork()
    if pid == 0:
        os.close(life_end)  # so that it ends with the caller
        _be(enter, ready_end, life)
    os.close(ready_end)
    os.close(life)
    try:
        answer = os.read(ready, 4)
        if answer != b"u":
            raise _refused(int(answer or b"5"))
        yield pid
    finally:
        os.close(ready)
        os.close(life_end)
        os.waitpid(pid, 0)


def _be(enter: Callable[[], None], ready: int, life: int) -> NoReturn:
    try:
        libc.prctl(libc.PR_SET_DUMPABLE, 1)  # or nobody could write our id maps
        enter()
        os.write(ready, b"u")
        os.read(life, 1)
    except OSError as error:
        os.write(ready, b"%d" % (error.errno or 5))
    finally:
        os._exit(0)


def _refused(number: int) -> OSError | HostLacks:
    if number == errno.ENOSPC:
        return HostLacks("this host allows no more user namespaces: raise the sysctl user.max_user_namespaces")
    return OSError(number, os.strerror(number), _OWN)


def owner(namespace: int) -> int:
    """Return a descriptor of the user namespace that an open namespace belongs to, -1 when that is the caller's own."""
    descriptor = fcntl.ioctl(namespace, _NS_GET_USERNS)
    os.set_inheritable(descriptor, False)
    if os.path.samestat(os.fstat(descriptor), os.stat(_OWN)):
        os.close(descriptor)
        return -1
    return descriptor


def outside(mappings: Mappings, number: int) -> int:
    """Return what the id `number` of a user namespace is on the host, -1 when it has none there. Pure."""
    for entry in mappings:
        if 0 <= number - entry["containerID"] < entry["size"]:
            return number - entry["containerID"] + entry["hostID"]
    return -1


def mappings(pid: int, file: str = "uid_map") -> Mappings:
    """Return the id map of a process, as the caller sees it."""
    with open(f"/proc/{pid}/{file}", "rb", 0) as lines:
        rows = [[int(word) for word in line.split()] for line in lines.read().splitlines()]
    return [{"containerID": row[0], "hostID": row[1], "size": row[2]} for row in rows]


def shift(mount: int, userns: int, recursive: bool = False, path: str = "") -> None:
    """Let the files of a detached mount belong to the users of `userns`: 0 on disk is root there. `path` is its source.

    Raises HostLacks where the kernel or that file system cannot.
    """
    try:
        libc.mount_setattr(mount, libc.MOUNT_ATTR_IDMAP, recursive=recursive, userns=userns)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOSYS):
            raise
        raise HostLacks(
            f"the file system of {path} cannot be shown with other owners (an id-mapped mount): ext4, XFS and Btrfs can"
            " be, tmpfs on Linux 6.3 or newer. Use userns_mode host here, or move it to such a file system"
        ) from error


@contextmanager
def shifted_layers(lower: Sequence[str], upper: str, userns: int) -> Iterator[None]:
    """Let the folders of an overlay look for a block as their owners appear in `userns`; nothing is copied.

    `upper` and the overlay's work folder must have the same parent, which is root's. Each folder is covered by its
    id-mapped self, since overlayfs takes layers that are mounted nowhere from Linux 6.15 on only: so the mount
    namespace must be the caller's own, and its ties to others are cut. Meanwhile this process, which must have one
    thread, makes files as the root of `userns`: an overlay goes on doing so for its own ones, and the host's root has
    no id that could be written there.
    """
    covered: list[str] = []
    own = os.path.dirname(upper)
    libc.mount(None, "/", None, libc.MS_PRIVATE | libc.MS_REC)
    try:
        for path in [*lower, *([own] if own else [])]:
            _cover(path, userns)
            covered.append(path)
        if not own:
            yield
            return
        root = os.stat(own)
        with _making_files_as(root.st_uid, root.st_gid):
            yield
    finally:
        for path in reversed(covered):
            libc.umount2(path, libc.MNT_DETACH)


def _cover(path: str, userns: int) -> None:
    place = os.open(path, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    mount = -1
    try:
        mount = mounts.clone(place)
        shift(mount, userns, path=path)
        mounts.attach(mount, place)
    finally:
        os.close(place)
        if mount >= 0:
            os.close(mount)


@contextmanager
def _making_files_as(uid: int, gid: int) -> Iterator[None]:
    """Be this user for a block, with all rights that root has."""
    names = capabilities.names(capabilities.own_bounding())
    os.setegid(gid)
    os.seteuid(uid)
    try:
        capabilities.set_sets(names, names, [])
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


def require_layers(folder: str, what: str) -> None:
    """Raise HostLacks for a kernel whose overlayfs takes no id-mapped layers; `what` needs them.

    On an older one that is tried with the file system of `folder`, since distributions have brought it to theirs.
    """
    try:
        kernel.require(OLDEST, what)
    except HostLacks:
        if not _takes_shifted_layers(folder):
            raise


def _takes_shifted_layers(folder: str) -> bool:
    from tempfile import TemporaryDirectory

    with TemporaryDirectory(dir=folder) as place:
        for name in ("lower", "own", "own/upper", "own/work"):
            os.mkdir(f"{place}/{name}")
        pid = os.fork()
        if pid == 0:
            _try_shifted_layer(place)
        return os.waitpid(pid, 0)[1] == 0


def _try_shifted_layer(place: str) -> NoReturn:
    code = 1
    try:
        libc.unshare(libc.CLONE_NEWNS)
        ids = [{"containerID": 0, "hostID": 1, "size": 1}]
        lower, upper, work = [f"{place}/lower"], f"{place}/own/upper", f"{place}/own/work"
        with shifted_layers(lower, upper, create(ids, ids)):
            mounts.overlay_by_mount(lower, upper, work, (), 0, place)
        code = 0
    finally:
        os._exit(code)
