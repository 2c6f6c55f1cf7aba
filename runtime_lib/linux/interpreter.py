"""Start Python programs that may enter a container.

A container can run `/proc/self/exe` or open it later: the interpreter that enters must not be writable through it
(CVE-2019-5736). So it is executed from a read-only overlay without an upper folder, which no remount makes writable.
The pages are those of the host's own file, so it costs no memory.
"""

from __future__ import annotations

import errno
import fcntl
import os
import sys

from . import libc, overlayfs, signals

# What is imported stays, so the collector would only look at it again and again: whoever lives long turns it on.
_BOOT = (
    "import gc,sys;gc.disable();sys.dont_write_bytecode=True;sys.path.insert(0,sys.argv[1]);"
    "from {module} import main;main()"
)


def sealed() -> int:
    """Return a descriptor of the running interpreter's file that nobody can write through."""
    path = os.path.realpath(sys.executable)
    folder, name = os.path.split(path)
    context = overlayfs.context()
    try:
        # Two lower folders and no upper one: the kernel refuses a lone lower folder, and every remount as writable.
        libc.fsconfig_string(context, "lowerdir", f"{folder}:/proc" if folder == "/usr/lib" else f"{folder}:/usr/lib")
        mount = libc.fsmount(context, libc.MOUNT_ATTR_RDONLY | libc.MOUNT_ATTR_NOSUID | libc.MOUNT_ATTR_NODEV)
    finally:
        os.close(context)
    try:
        return os.open(name, os.O_RDONLY | os.O_CLOEXEC, dir_fd=mount)
    finally:
        os.close(mount)


def command(module: str, library: str, *arguments: str) -> list[str]:
    """Return the argument vector that runs `module.main()` of the library in `library`, isolated (-I -S)."""
    return [os.path.realpath(sys.executable), "-I", "-S", "-B", "-c", _BOOT.format(module=module), library, *arguments]


def spawn(module: str, library: str, *arguments: str, keep: tuple[int, ...] = (), subreaper: bool = False) -> int:
    """Run `module.main()` in a fresh interpreter; return its pid.

    It starts with an empty environment, in a session of its own, in `/`, with umask 022, default signal dispositions,
    and with the descriptors of `keep` as 0, 1, 2, 3, ...: no other one. Descriptors 0 to 2 are /dev/null where `keep`
    has -1. With `subreaper`, orphans below it become its children (prctl(2), PR_SET_CHILD_SUBREAPER).
    Raises OSError when the program cannot be executed.
    """
    executable = sealed()
    try:
        return _spawn(executable, command(module, library, *arguments), keep, subreaper)
    finally:
        os.close(executable)


def _spawn(executable: int, argv: list[str], keep: tuple[int, ...], subreaper: bool) -> int:
    report_read, report_write = os.pipe()
    pid = os.fork()
    if pid == 0:
        # Above every number that `_become` gives out, so that its dup2 overwrites nothing that is still needed.
        floor = max(len(keep), 3)
        report = fcntl.fcntl(report_write, fcntl.F_DUPFD_CLOEXEC, floor)
        try:
            libc.prctl(libc.PR_SET_CHILD_SUBREAPER, int(subreaper))
            _become(fcntl.fcntl(executable, fcntl.F_DUPFD_CLOEXEC, floor), argv, keep)
        except OSError as error:
            os.write(report, b"%d" % (error.errno or errno.EIO))
        finally:
            os._exit(127)
    os.close(report_write)
    failure = os.read(report_read, 16)  # end of file once execve has closed the other end
    os.close(report_read)
    if failure:
        os.waitpid(pid, 0)
        raise OSError(int(failure), os.strerror(int(failure)), argv[0])
    return pid


def _become(executable: int, argv: list[str], keep: tuple[int, ...]) -> None:
    null = os.open("/dev/null", os.O_RDWR | os.O_CLOEXEC)
    wanted = [null if number < 0 else number for number in keep] + [null] * (3 - len(keep))
    moved = [fcntl.fcntl(number, fcntl.F_DUPFD_CLOEXEC, len(wanted)) for number in wanted]
    for target, number in enumerate(moved):
        os.dup2(number, target, inheritable=True)
    libc.close_range(len(moved), flags=libc.CLOSE_RANGE_CLOEXEC)
    signals.reset()
    os.setsid()
    os.umask(0o022)
    os.chdir("/")
    os.execve(executable, argv, {})
