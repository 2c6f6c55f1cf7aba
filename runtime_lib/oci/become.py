"""The last steps before the user's program: limits, descriptors, working directory, user, capabilities, filter.

The process is inside of the container here, so these are system calls only. The order is runc's: what needs root
first; the seccomp filter before the capabilities are dropped, as it needs CAP_SYS_ADMIN, or with no_new_privs at the
very end, so that it need not allow what we still have to do.
"""

from __future__ import annotations

import errno
import os
import stat

from ..linux import apparmor, capabilities, libc, rlimits, seccomp
from . import process as processes
from .report import LaunchError, Stage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import NoReturn

    from .process import Process

_NULL = os.makedev(1, 3)


def settle(process: Process, filter_program: bytes, filter_flags: int) -> str:
    """Take on everything that `process` asks for and return the path of the program to be executed.

    Descriptors above 2 other than our own must be closed already (CVE-2024-21626). Raises LaunchError.
    """
    with Stage("rlimit"):
        rlimits.apply(process.rlimits)
    if process.no_new_privileges:
        libc.prctl(libc.PR_SET_NO_NEW_PRIVS, 1)
    elif filter_program:
        _load(filter_program, filter_flags)
    _own_stdio(process.uid)
    _change_folder(process.cwd)
    _change_user(process)
    os.umask(process.umask)
    with Stage("exec", process.args[0]):
        program = processes.find(process.args[0], process.env.get("PATH"))
    if process.no_new_privileges and filter_program:
        _load(filter_program, filter_flags)
    return program


def execute(program: str, process: Process) -> NoReturn:
    """Execute the program. Raises LaunchError."""
    with Stage("exec", program):
        os.execve(program, process.args, process.env)


def oom_score(score: int | None) -> None:
    """Set oom_score_adj (proc(5)). To be called while /proc is still the host's."""
    if score is None:
        return
    with Stage("rlimit", "/proc/self/oom_score_adj"), open("/proc/self/oom_score_adj", "r+b", 0) as file:
        if int(file.read()) != score:  # lowering takes CAP_SYS_RESOURCE, even to what it is already
            file.write(b"%d" % score)


def profile(process: Process) -> str:
    """Return AppArmor's profile for the program, "" for none or on a host without. /sys must still be the host's."""
    wanted = process.apparmor
    return wanted if wanted not in ("", "unconfined") and apparmor.enabled() else ""


def label(name: str, at_once: bool = False) -> None:
    """Have a profile of AppArmor confine the program to come, or `at_once` this process too.

    The former needs the host's /proc. No name is no profile.
    """
    if name:
        with Stage("label", name):
            (apparmor.confine if at_once else apparmor.confine_next)(name)


def _load(program: bytes, flags: int) -> None:
    with Stage("seccomp"):
        seccomp.load(program, flags)


def _own_stdio(uid: int) -> None:
    """Give the pipes or the terminal to the user, who may open /dev/stdout anew (as runc does)."""
    for descriptor in range(3):
        status = os.fstat(descriptor)
        if status.st_uid == uid or status.st_rdev == _NULL:
            continue
        try:
            os.fchown(descriptor, uid, -1)
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.EPERM, errno.EROFS):
                raise LaunchError(
                    error.errno or 0, "cannot change the owner", f"/dev/fd/{descriptor}", "user"
                ) from error


def hand_over(stdio: Sequence[int], uid: int) -> None:
    """Give pipes and terminals to an id of the host, of a user namespace that is not entered yet; -1 is nobody.

    Inside they would belong to somebody without a number there, so that nobody could give them away.
    """
    for descriptor in stdio if uid >= 0 else ():
        status = os.fstat(descriptor)
        if stat.S_IFMT(status.st_mode) in (stat.S_IFIFO, stat.S_IFCHR) and status.st_rdev != _NULL:
            with Stage("user", f"/dev/fd/{descriptor}"):
                os.fchown(descriptor, uid, -1)


def _change_folder(path: str) -> None:
    with Stage("cwd", path):
        os.chdir(path)
        if not os.getcwd().startswith("/"):
            raise LaunchError(errno.ENOENT, "the folder is outside of the container", path, "cwd")


def _change_user(process: Process) -> None:
    bounding, effective, permitted, inheritable, ambient = process.capabilities
    with Stage("capabilities"):
        most = capabilities.own_bounding()  # what we lack ourselves cannot be given, and is left out
        capabilities.drop_bounding(bounding)
        libc.prctl(libc.PR_SET_KEEPCAPS, 1)
    with Stage("user"):
        os.setgroups(process.groups)
        os.setresgid(process.gid, process.gid, process.gid)
        os.setresuid(process.uid, process.uid, process.uid)
    with Stage("capabilities"):
        libc.prctl(libc.PR_SET_KEEPCAPS, 0)
        sets = [capabilities.names(capabilities.mask(names) & most) for names in (effective, permitted, inheritable)]
        capabilities.set_sets(*sets)
        capabilities.raise_ambient(name for name in ambient if name in sets[1] and name in sets[2])
