"""Thin wrappers of system calls: the call's own name and arguments; a failure is an OSError with errno and path.

Imported before a container is entered, so it stays small: nothing but ctypes and os.
"""

from __future__ import annotations

import ctypes
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

AT_EMPTY_PATH = 0x1000
AT_FDCWD = -100
AT_RECURSIVE = 0x8000
CLONE_FS = 0x00000200
CLONE_NEWCGROUP = 0x02000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWNET = 0x40000000
CLONE_NEWNS = 0x00020000
CLONE_NEWPID = 0x20000000
CLONE_NEWTIME = 0x00000080
CLONE_NEWUSER = 0x10000000
CLONE_NEWUTS = 0x04000000
CLONE_INTO_CGROUP = 0x200000000
CLOSE_RANGE_CLOEXEC = 4
FSCONFIG_CMD_CREATE = 6
FSCONFIG_SET_FLAG = 0
FSCONFIG_SET_STRING = 1
FSMOUNT_CLOEXEC = 1
FSOPEN_CLOEXEC = 1
MNT_DETACH = 2
UMOUNT_NOFOLLOW = 8
MOUNT_ATTR_IDMAP = 0x100000
MOUNT_ATTR_NODEV = 4
MOUNT_ATTR_NOEXEC = 8
MOUNT_ATTR_NOSUID = 2
MOUNT_ATTR_RDONLY = 1
MOVE_MOUNT_F_EMPTY_PATH = 4
MOVE_MOUNT_T_EMPTY_PATH = 0x40
MS_BIND = 4096
MS_NOATIME = 1024
MS_NODEV = 4
MS_NODIRATIME = 2048
MS_NOEXEC = 8
MS_NOSUID = 2
MS_PRIVATE = 1 << 18
MS_RDONLY = 1
MS_REC = 16384
MS_REMOUNT = 32
MS_SHARED = 1 << 20
MS_SLAVE = 1 << 19
MS_STRICTATIME = 1 << 24
MS_UNBINDABLE = 1 << 17
OPEN_TREE_CLOEXEC = os.O_CLOEXEC
OPEN_TREE_CLONE = 1
PR_CAPBSET_DROP = 24
PR_CAPBSET_READ = 23
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_CLEAR_ALL = 4
PR_CAP_AMBIENT_RAISE = 2
PR_SET_CHILD_SUBREAPER = 36
PR_SET_DUMPABLE = 4
PR_SET_KEEPCAPS = 8
PR_SET_NO_NEW_PRIVS = 38
PR_SET_PDEATHSIG = 1
RESOLVE_BENEATH = 0x08
RESOLVE_IN_ROOT = 0x10
RESOLVE_NO_MAGICLINKS = 0x02
RESOLVE_NO_SYMLINKS = 0x04
RESOLVE_NO_XDEV = 0x01

# The numbers from 424 on are the same on every architecture (asm-generic/unistd.h).
_NEW = {
    "clone3": 435,
    "close_range": 436,
    "fsconfig": 431,
    "fsmount": 432,
    "fsopen": 430,
    "mount_setattr": 442,
    "move_mount": 429,
    "open_tree": 428,
    "openat2": 437,
    "pidfd_open": 434,
    "pidfd_send_signal": 424,
}
_NAMES = ("bpf", "capset", "keyctl", "pivot_root", "renameat2", "rt_sigaction", "seccomp")
_OLD = {
    "x86_64": dict(zip(_NAMES, (321, 126, 250, 155, 316, 13, 317))),
    "aarch64": dict(zip(_NAMES, (280, 91, 219, 41, 276, 134, 277))),
}
NUMBERS = {**_NEW, **_OLD.get(os.uname().machine, {})}

_SIGCHLD = 17

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long
_libc.mount.argtypes = (ctypes.c_char_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_ulong, ctypes.c_char_p)
_libc.umount2.argtypes = (ctypes.c_char_p, ctypes.c_int)
_libc.unshare.argtypes = (ctypes.c_int,)
_libc.setns.argtypes = (ctypes.c_int, ctypes.c_int)
_libc.prctl.argtypes = (ctypes.c_int, ctypes.c_ulong, ctypes.c_ulong, ctypes.c_ulong, ctypes.c_ulong)
_libc.sethostname.argtypes = (ctypes.c_char_p, ctypes.c_size_t)
_libc.setdomainname.argtypes = (ctypes.c_char_p, ctypes.c_size_t)


def fail(path: str | int | None = None) -> NoReturn:
    """Raise the OSError of the last failed call, with the path it was about."""
    number = ctypes.get_errno()
    if path is None:
        raise OSError(number, os.strerror(number))
    raise OSError(number, os.strerror(number), path)


def syscall(name: str, *arguments: object, path: str | int | None = None) -> int:
    """Make a system call by its name in `NUMBERS`; integers are passed as 64-bit values."""
    if name not in NUMBERS:
        raise OSError(38, f"{name} is not known on {os.uname().machine}")
    values = [ctypes.c_long(value) if isinstance(value, int) else value for value in arguments]
    result: int = _libc.syscall(ctypes.c_long(NUMBERS[name]), *values)
    if result < 0:
        fail(path)
    return result


def mount(source: str | None, target: str, fstype: str | None, flags: int = 0, data: str | None = None) -> None:
    """mount(2)."""
    if _libc.mount(_bytes(source), os.fsencode(target), _bytes(fstype), flags, _bytes(data)) < 0:
        fail(target)


def umount2(target: str, flags: int = 0) -> None:
    """umount2(2)."""
    if _libc.umount2(os.fsencode(target), flags) < 0:
        fail(target)


def pivot_root(new_root: str, put_old: str) -> None:
    """pivot_root(2)."""
    syscall("pivot_root", os.fsencode(new_root), os.fsencode(put_old), path=new_root)


def unshare(flags: int) -> None:
    """unshare(2)."""
    if _libc.unshare(flags) < 0:
        fail()


def setns(descriptor: int, flags: int = 0) -> None:
    """setns(2); with a pidfd, `flags` name several namespaces at once (Linux 5.8)."""
    if _libc.setns(descriptor, flags) < 0:
        fail()


def fork_into(cgroup: int) -> int:
    """fork(2) by clone3(2); the child is born in the version 2 cgroup whose folder is open as `cgroup` (Linux 5.7).

    For programs with one thread: CPython's own care for a fork (locks, other threads) is left out.
    """
    words = (CLONE_INTO_CGROUP, 0, 0, 0, _SIGCHLD, 0, 0, 0, 0, 0, cgroup)
    arguments = (ctypes.c_uint64 * len(words))(*words)
    return syscall("clone3", ctypes.byref(arguments), ctypes.sizeof(arguments))


def prctl(option: int, arg2: int = 0, arg3: int = 0, arg4: int = 0, arg5: int = 0) -> int:
    """prctl(2)."""
    result: int = _libc.prctl(option, arg2, arg3, arg4, arg5)
    if result < 0:
        fail()
    return result


def sethostname(name: str) -> None:
    """sethostname(2)."""
    if _libc.sethostname(name.encode(), len(name.encode())) < 0:
        fail()


def setdomainname(name: str) -> None:
    """setdomainname(2)."""
    if _libc.setdomainname(name.encode(), len(name.encode())) < 0:
        fail()


def close_range(first: int, last: int = 0xFFFFFFFF, flags: int = 0) -> None:
    """close_range(2); on Linux < 5.9 one close per descriptor, or FD_CLOEXEC where that is asked for."""
    try:
        syscall("close_range", first, last, flags)
    except OSError as error:
        if error.errno not in (38, 22):
            raise
        for name in os.listdir("/proc/self/fd"):
            if first <= int(name) <= last:
                _close(int(name), flags)


def _close(descriptor: int, flags: int) -> None:
    try:
        if flags & CLOSE_RANGE_CLOEXEC:
            os.set_inheritable(descriptor, False)
        else:
            os.close(descriptor)
    except OSError:
        pass  # the descriptor of the listing itself is gone by now


class _OpenHow(ctypes.Structure):
    _fields_ = (("flags", ctypes.c_uint64), ("mode", ctypes.c_uint64), ("resolve", ctypes.c_uint64))


def openat2(directory: int, path: str, flags: int, mode: int = 0, resolve: int = 0) -> int:
    """openat2(2), with O_CLOEXEC."""
    how = _OpenHow(flags | os.O_CLOEXEC, mode, resolve)
    name = os.fsencode(path)
    return syscall("openat2", directory, name, ctypes.byref(how), ctypes.sizeof(how), path=path)


def filesystem_type(descriptor: int) -> int:
    """Return f_type of fstatfs(2), which tells procfs from all else, also through an O_PATH descriptor."""
    answer = (ctypes.c_long * 32)()  # the first word of at most 15; O_PATH is fine since Linux 3.12
    if _libc.fstatfs(descriptor, answer) < 0:
        fail(descriptor)
    return answer[0]


def syncfs(descriptor: int) -> None:
    """syncfs(2): write out everything of the file system that holds `descriptor`."""
    if _libc.syncfs(descriptor) < 0:
        fail(descriptor)


def pidfd_open(pid: int) -> int:
    """pidfd_open(2)."""
    return syscall("pidfd_open", pid, 0, path=f"/proc/{pid}")


def pidfd_send_signal(pidfd: int, signal: int) -> None:
    """pidfd_send_signal(2)."""
    syscall("pidfd_send_signal", pidfd, signal, None, 0)


def fsopen(fstype: str) -> int:
    """fsopen(2): a new file system context."""
    return syscall("fsopen", fstype.encode(), FSOPEN_CLOEXEC, path=fstype)


def fsconfig_string(context: int, key: str, value: str) -> None:
    """fsconfig(2): set one option; the kernel takes at most 256 bytes."""
    syscall("fsconfig", context, FSCONFIG_SET_STRING, key.encode(), os.fsencode(value), 0, path=value)


def fsconfig_flag(context: int, key: str) -> None:
    """fsconfig(2): set one option that has no value."""
    syscall("fsconfig", context, FSCONFIG_SET_FLAG, key.encode(), None, 0, path=key)


def fsmount(context: int, attributes: int = 0) -> int:
    """Create the file system of a context and return its detached mount."""
    syscall("fsconfig", context, FSCONFIG_CMD_CREATE, None, None, 0)
    return syscall("fsmount", context, FSMOUNT_CLOEXEC, attributes)


def open_tree(directory: int, path: str, flags: int) -> int:
    """open_tree(2)."""
    return syscall("open_tree", directory, os.fsencode(path), flags | OPEN_TREE_CLOEXEC, path=path)


def move_mount(from_fd: int, to_directory: int, to_path: str = "") -> None:
    """Attach a detached mount at a descriptor (`to_path` empty) or at a path beneath it; links are not followed."""
    flags = MOVE_MOUNT_F_EMPTY_PATH | (0 if to_path else MOVE_MOUNT_T_EMPTY_PATH)
    syscall("move_mount", from_fd, b"", to_directory, os.fsencode(to_path), flags, path=to_path or to_directory)


class _MountAttr(ctypes.Structure):
    _fields_ = (
        ("attr_set", ctypes.c_uint64),
        ("attr_clr", ctypes.c_uint64),
        ("propagation", ctypes.c_uint64),
        ("userns_fd", ctypes.c_uint64),
    )


def mount_setattr(
    descriptor: int, attr_set: int, attr_clr: int = 0, propagation: int = 0, recursive: bool = False, userns: int = 0
) -> None:
    """mount_setattr(2) on the mount that a descriptor stands for (Linux 5.12)."""
    attributes = _MountAttr(attr_set, attr_clr, propagation, userns)
    flags = AT_EMPTY_PATH | (AT_RECURSIVE if recursive else 0)
    syscall(
        "mount_setattr", descriptor, b"", flags, ctypes.byref(attributes), ctypes.sizeof(attributes), path=descriptor
    )


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else os.fsencode(text)
