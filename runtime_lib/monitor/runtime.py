"""The monitor's side of the low-level runtime: a fresh interpreter (`boot`) that starts one container and ends."""

from __future__ import annotations

import _signal
import _socket
import posix

from . import rights

SOCKET = 3  # of the monitor: to the engine; of the runtime: to the monitor


class Runtime:
    """A runtime that waits for its order, imports done."""

    __slots__ = ("pid", "socket")

    def __init__(self, pid: int, socket: _socket.socket) -> None:
        """Take over a child and the socket to it."""
        self.pid = pid
        self.socket = socket

    @classmethod
    def spawn(cls) -> Runtime:
        """Start one from the interpreter that runs here: sealed, and nothing but a socket to it."""
        return cls(*spawn("boot"))

    @classmethod
    def inherited(cls, pid: int, descriptor: int) -> Runtime:
        """Take over the one that `first` has started."""
        posix.set_inheritable(descriptor, False)
        return cls(pid, _socket.socket(_socket.AF_UNIX, _socket.SOCK_SEQPACKET, 0, descriptor))

    def order(self, run_folder: str, descriptors: list[int]) -> None:
        """Have it start the bundle `run_folder` with these descriptors; see `boot.Order` for what they are."""
        self.socket.sendmsg([run_folder.encode()], rights.sent(descriptors))

    def answer(self) -> bytes:
        """Return what it says.

        That is b"started PID START_TIME" and one line for each file of the monitors' cgroup, or b"failed " and the
        form of `oci.report`.
        """
        answer = self.socket.recv(65536)
        return answer or b"failed 5\0runtime\0\0the low-level runtime ended without an answer"

    def dismiss(self) -> None:
        """Let it end."""
        self.socket.close()


def spawn(module: str, *arguments: str) -> tuple[int, _socket.socket]:
    """Run another module of this package in a child, with `arguments`; return its pid and a socket to it.

    Raises OSError when there is no process or descriptor left.
    """
    ours, theirs = _socket.socketpair(_socket.AF_UNIX, _socket.SOCK_SEQPACKET)
    try:
        pid = posix.fork()
    except OSError:
        ours.close()
        theirs.close()
        raise
    if pid == 0:
        try:
            oom_score("0")
            become(module, theirs.fileno(), *arguments)
        finally:
            posix._exit(127)
    theirs.close()
    return pid, ours


def become(module: str, socket: int, *arguments: str) -> None:
    """Execute another module of this package in place of this one, with a socket as descriptor 3 and more arguments."""
    # CPython ignores these two, and what is ignored stays so for the user's program.
    _signal.signal(_signal.SIGPIPE, _signal.SIG_DFL)
    _signal.signal(_signal.SIGXFSZ, _signal.SIG_DFL)
    words = [*_command_line(module), *(word.encode() for word in arguments)]
    if socket != SOCKET:
        posix.dup2(socket, SOCKET, True)
    posix.set_inheritable(SOCKET, True)
    posix.execve("/proc/self/exe", words, {})


def _command_line(module: str) -> list[bytes]:
    descriptor = posix.open("/proc/self/cmdline", posix.O_RDONLY)
    words = posix.read(descriptor, 65536).split(b"\0")[:-1]
    posix.close(descriptor)
    head, _unused, tail = words[5].partition(b".monitor.")  # after python -I -S -B -c, see `linux.interpreter`
    words[5] = b"%s.monitor.%s %s" % (head, module.encode(), tail.partition(b" ")[2])
    return words


def oom_score(score: str) -> None:
    """Set oom_score_adj of this process (proc(5)) where the host lets it."""
    descriptor = posix.open("/proc/self/oom_score_adj", posix.O_WRONLY | posix.O_CLOEXEC)
    try:
        posix.write(descriptor, score.encode())
    except PermissionError:
        return  # lowering it takes CAP_SYS_RESOURCE, which root of a nested host lacks
    finally:
        posix.close(descriptor)
