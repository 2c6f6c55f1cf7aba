"""One health check: a fresh process that runs a command in the container and tells the monitor what came of it.

    monitor --spawn--> checker (stays on the host) --fork--> the command in the container

The answer is `START END EXIT_CODE` (times in nanoseconds since 1970) and a newline, then the output. When the monitor
closes the socket first, the check has taken too long or does not count any more: it is killed with its children.
"""

from __future__ import annotations

import _socket
import os
import select
import sys
import time

from ..errors import InvalidSpec
from ..jsontext import parse
from ..linux import libc, sessions
from ..linux.cgroups.group import Cgroup
from ..linux.cgroups.hierarchy import detect
from ..linux.process import Process
from ..oci import enter, wire
from ..oci.exec import request_for
from ..oci.process import exit_code
from .health import NO_RESULT, OUTPUT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

_SOCKET = 3  # to the monitor
_PIPE = 65536  # bytes that a pipe holds (pipe(7))


def main() -> NoReturn:
    """Make the check that the last three arguments name: run folder, and the container's first process."""
    libc.prctl(libc.PR_SET_DUMPABLE, 0)
    connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_SEQPACKET, 0, _SOCKET)
    os.set_inheritable(_SOCKET, False)
    run_folder, pid, start_time = sys.argv[-3:]
    start = time.time_ns()
    try:
        code, output = _check(run_folder, Process(int(pid), int(start_time)), connection)
    except (OSError, InvalidSpec, ValueError, KeyError) as error:
        code, output = NO_RESULT, str(error).encode()[:OUTPUT]
    try:
        connection.send(b"%d %d %d\n" % (start, time.time_ns(), code) + output, _socket.MSG_NOSIGNAL)
    except OSError:
        pass  # it does not want to know any more
    os._exit(0)


def _check(run_folder: str, target: Process, connection: _socket.socket) -> tuple[int, bytes]:
    ours, theirs = os.pipe2(os.O_CLOEXEC)
    null = os.open("/dev/null", os.O_RDONLY | os.O_CLOEXEC)
    pid, _unused, _masters = enter.start(_request(run_folder, target), [null, theirs, theirs])
    os.close(theirs)
    os.set_blocking(ours, False)
    output = Output(ours)
    if not _ended(libc.pidfd_open(pid), output, connection):
        sessions.kill(pid)
        os._exit(0)
    output.drain()
    return exit_code(os.waitpid(pid, 0)[1]), output.text()


def _request(run_folder: str, target: Process) -> dict[str, Any]:
    """Return what `enter` is to do: the container's own process with another command."""
    order, config = _load(f"{run_folder}/monitor.json"), _load(f"{run_folder}/config.json")
    process = {**config["process"], "terminal": False, "args": order["health"]["command"]}
    paths = Cgroup(detect(), config["linux"]["cgroupsPath"]).paths()
    request = request_for(target, config, process, order["container_id"], paths, order["cache"])
    sent: dict[str, Any] = wire.unpack(wire.pack(request))
    return sent


def _load(path: str) -> dict[str, Any]:
    with open(path, encoding="utf-8", errors="surrogateescape") as file:
        value: dict[str, Any] = parse(file.read())
    return value


class Output:
    """The beginning of what a check writes; the rest is read and dropped, so that it never waits for us."""

    __slots__ = ("descriptor", "_cut", "_kept")

    def __init__(self, descriptor: int) -> None:
        """Take over the reading end of a pipe that does not block."""
        self.descriptor = descriptor
        self._kept = b""
        self._cut = False

    def read(self) -> int:
        """Take what is there; return how many bytes, 0 when there is nothing yet or everybody has closed it."""
        try:
            data = os.read(self.descriptor, _PIPE)
        except BlockingIOError:
            return 0
        room = OUTPUT - len(self._kept)
        self._kept += data[:room]
        self._cut = self._cut or len(data) > room
        return len(data)

    def drain(self) -> None:
        """Take what an ended check has left in the pipe, but not what its children write on and on."""
        left = _PIPE
        while left > 0:
            size = self.read()
            left -= size or left

    def text(self) -> bytes:
        """Return what was kept, marked as Docker does where more was written."""
        return self._kept + b"..." if self._cut else self._kept


def _ended(pidfd: int, output: Output, connection: _socket.socket) -> bool:
    """Wait for the end of the command; False when the monitor has closed the socket first."""
    poll = select.poll()
    for descriptor in (pidfd, output.descriptor, connection.fileno()):
        poll.register(descriptor, select.POLLIN)
    while True:
        ready = [descriptor for descriptor, _events in poll.poll()]
        if connection.fileno() in ready:
            return False
        if pidfd in ready:
            return True
        if not output.read():
            poll.unregister(output.descriptor)
