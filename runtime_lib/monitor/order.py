"""Take the engine's order, serve it to the end, and see to the clean-up."""

from __future__ import annotations

import _signal
import _socket
import gc
import posix

from ..jsontext import parse
from ..linux import lease
from . import protocol
from .cgroup import leave
from .clients import Client
from .loop import Loop
from .rights import DESCRIPTORS, received
from .status import read
from .supervisor import Supervisor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .runtime import Runtime


def serve(socket: int, runtime: Runtime) -> int:
    """Wait for an order; return the exit code of this process, unless it becomes the exit program."""
    control = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM, 0, socket)
    posix.set_inheritable(socket, False)
    run_folder, descriptors = _receive(control)
    if run_folder is None:
        return 0  # cancelled: the runtime sees the end of its socket, too
    request = parse(read(f"{run_folder}/monitor.json"))
    claim = _claim(control, run_folder)
    if claim < 0:
        return 0
    _name(request["name"])
    loop = Loop()
    client = Client(control, foreground=request["foreground"])
    supervisor = Supervisor(loop, request, client, descriptors, claim)
    supervisor.start(runtime)
    gc.collect()
    loop.run()
    leave(supervisor.cgroup_files)
    if supervisor.ended() and _exists(f"{run_folder}/monitor.json"):
        _clean_up(request)
    return 0


def _receive(control: _socket.socket) -> tuple[str | None, list[int]]:
    data, ancillary, _flags, _address = control.recvmsg(protocol.HEADER + protocol.LIMIT, DESCRIPTORS)
    message = protocol.take(data)
    if message is None or message[0] != protocol.ORDER:
        return None, []
    return message[1].decode(), received(ancillary)


def _claim(control: _socket.socket, run_folder: str) -> int:
    """Return a descriptor by which the start is locked until it is decided; -1 when the engine is gone.

    While it lives, the engine holds the container's lock. If it is killed, the next one waits for this lock (see
    `containers.release`) instead of starting the container a second time.
    """
    descriptor = posix.open(f"{run_folder}/monitor.json", posix.O_RDWR | posix.O_CLOEXEC)
    posix.lockf(descriptor, posix.F_LOCK, 0)
    try:
        gone = not control.recv(1, _socket.MSG_PEEK | _socket.MSG_DONTWAIT)
    except BlockingIOError:
        return descriptor
    return -1 if gone else descriptor


def _name(name: str) -> None:
    """Say in process lists whose monitor this is; the kernel keeps 15 bytes (proc_pid_comm(5))."""
    descriptor = posix.open("/proc/self/comm", posix.O_WRONLY | posix.O_CLOEXEC)
    posix.write(descriptor, f"skiff:{name}".encode()[:15])
    posix.close(descriptor)


def _exists(path: str) -> bool:
    try:
        posix.stat(path)
    except FileNotFoundError:
        return False
    return True


def _clean_up(request: dict[str, Any]) -> None:
    """Become the exit program: no engine process has done its work."""
    if request["exit_command"]:
        _signal.signal(_signal.SIGPIPE, _signal.SIG_DFL)
        _signal.signal(_signal.SIGXFSZ, _signal.SIG_DFL)
        lease.pass_on()
        posix.execve("/proc/self/exe", request["exit_command"], {})
