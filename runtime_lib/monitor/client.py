"""The engine's side of the monitor: start one, talk to one.

`prespawn` first of all, since a start-up takes 40 ms, then what else a start needs, then `Spawned.start`, which
returns a `Session` or raises what failed. Later engine processes `connect`.
"""

from __future__ import annotations

import _socket
import os
import select
import time

from ..errors import Busy
from ..jsontext import compact
from ..linux import interpreter
from ..linux.process import Process
from ..oci import report
from . import protocol, rights

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .request import Request

_PIECE = 64 * 1024
PATIENCE = 60.0  # seconds for a start; creating a container takes some hundredths


class Session:
    """A connection to a container's monitor. Close it, or use it as a context manager.

    Messages about the container come in order: output first, then the exit code. `process` is known after a start.
    """

    __slots__ = ("exit_code", "process", "_inbox", "_outbox", "_queue", "_socket")

    def __init__(self, connection: _socket.socket) -> None:
        """Take over a connected socket."""
        self.exit_code: int | None = None
        self.process: Process | None = None
        self._inbox = b""
        self._outbox = bytearray()
        self._queue: list[tuple[int, bytes]] = []
        self._socket = connection

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_unused: object) -> None:
        self.close()

    def close(self) -> None:
        """Leave; the container goes on."""
        self._socket.close()

    def fileno(self) -> int:
        """Return the descriptor to wait for before `output`."""
        return self._socket.fileno()

    def attach(self) -> None:
        """Receive live output from now on, and the exit code; a reader that falls 1 MiB behind is disconnected."""
        self._ask(protocol.ATTACH)

    def pending(self) -> bool:
        """Whether `output` has something to say that no wait for the descriptor would tell of."""
        return bool(self._queue) or self.exit_code is not None

    def output(self) -> list[tuple[int, bytes]] | None:
        """Return what has come, at least one read's worth: [(1 or 2, data)].

        None when there is no more: the container has ended (`exit_code`), or the monitor is gone (`exit_code` None).
        """
        if not self._queue and (self.exit_code is not None or not self._receive()):
            return None
        found, self._queue = self._queue, []
        chunks = [(kind, content) for kind, content in found if kind in (protocol.STDOUT, protocol.STDERR)]
        return chunks if chunks or self.exit_code is None else None

    def stdin(self, data: bytes) -> None:
        """Write to the container's standard input; what does not fit at once is `unsent` until `flush`."""
        for start in range(0, len(data), protocol.LIMIT):
            self._outbox += protocol.frame(protocol.STDIN, data[start : start + protocol.LIMIT])

    def end_stdin(self) -> None:
        """Close the container's standard input, after what has been written to it."""
        self._outbox += protocol.frame(protocol.STDIN_END)

    def resize(self, rows: int, columns: int) -> None:
        """Set the size of the container's terminal."""
        self._outbox += protocol.frame(protocol.RESIZE, b"%d %d" % (rows, columns))

    def unsent(self) -> bool:
        """Whether `flush` has something to do, once the descriptor can be written to."""
        return bool(self._outbox)

    def flush(self) -> None:
        """Send what there is room for. Raises BrokenPipeError when the monitor is gone; nothing is unsent then."""
        try:
            sent = self._socket.send(bytes(self._outbox[:_PIECE]), _socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        except (BrokenPipeError, ConnectionResetError) as error:
            self._outbox.clear()
            raise BrokenPipeError(32, "the monitor has ended") from error
        del self._outbox[:sent]

    def wait(self, seconds: float | None = None) -> int:
        """Return the exit code once the container has ended for good; output that comes meanwhile is dropped.

        Raises Busy when it runs on after `seconds`, ConnectionError when the monitor is gone: killed, or at its own end
        just when this connection was made; `state.read` knows more then.
        """
        deadline = None if seconds is None else time.monotonic() + seconds
        while self.exit_code is None:
            self._queue.clear()
            self._await(deadline, f"the container still runs after {seconds} seconds")
        return self.exit_code

    def watch_health(self) -> None:
        """Have `health` say how well the container is. Raises ConnectionError when the monitor is gone."""
        self._ask(protocol.HEALTH)

    def health(self, seconds: float | None = None) -> str | None:
        """Return the status of its health: at once the first time, later at each change; None once it has ended.

        Raises Busy when nothing has changed after `seconds`, ConnectionError when the monitor is gone.
        """
        deadline = None if seconds is None else time.monotonic() + seconds
        while True:
            for number, (kind, content) in enumerate(self._queue):
                if kind == protocol.HEALTH_IS:
                    del self._queue[: number + 1]
                    return content.decode()
            if self.exit_code is not None:
                return None
            self._await(deadline, "the health of the container has not changed")

    def _await(self, deadline: float | None, what: str) -> None:
        """Take what comes next. Raises Busy with `what` at the deadline, ConnectionError when the monitor is gone."""
        left = None if deadline is None else max(0.0, deadline - time.monotonic())
        if not select.select([self._socket], (), (), left)[0]:
            raise Busy(what)
        if not self._receive():
            raise ConnectionError(104, "the monitor has ended without an exit code")

    def no_restart(self) -> None:
        """Have the restart policy let the next end be the last one; a container between two runs ends now."""
        self._ask(protocol.NO_RESTART)

    def restart_policy(self, name: str, retries: int) -> None:
        """Have another restart policy obeyed; a monitor of an earlier release learns only of "no"."""
        order = f"{name} {retries}".encode()
        if self._ask(protocol.RESTART_POLICY, order) != order and name == "no":
            self.no_restart()

    def log_settings(self, log: dict[str, Any]) -> None:
        """Have the output kept and sent otherwise from now on; a monitor of an earlier release does not listen."""
        self._ask(protocol.LOG, compact(log).encode())

    def paused(self, paused: bool) -> None:
        """Have the state say that the container is frozen, or runs again."""
        self._ask(protocol.PAUSED if paused else protocol.RESUMED)

    def own_cleanup(self) -> None:
        """Promise to clean up after the end. When this connection ends without `release`, the exit program does it."""
        self._ask(protocol.CLEANUP)

    def release(self) -> None:
        """Say that everything is cleaned up, and leave."""
        try:
            self._send(protocol.RELEASE)
        except BrokenPipeError:
            pass  # it has seen that the run's folder is gone
        self.close()

    def _ask(self, kind: int, content: bytes = b"") -> bytes:
        """Send a question and return its answer. Raises ConnectionError when the monitor is gone."""
        self._send(kind, content)
        while True:
            for number, message in enumerate(self._queue):
                if message[0] == protocol.DONE:
                    del self._queue[number]
                    return message[1]
            if not self._receive():
                raise ConnectionError(104, "the monitor has ended")

    def _send(self, kind: int, content: bytes = b"") -> None:
        """Send a message. Whatever comes meanwhile is taken, or two full directions would wait for each other."""
        self._outbox += protocol.frame(kind, content)
        while self._outbox:
            readable, writable, _unused = select.select([self._socket], [self._socket], ())
            if readable and not self._receive():
                raise BrokenPipeError(32, "the monitor has ended")
            if writable:
                self.flush()

    def _receive(self) -> bool:
        try:
            data = self._socket.recv(2 * protocol.LIMIT)
        except ConnectionResetError:
            data = b""
        self._inbox += data
        while True:
            message = protocol.take(self._inbox)
            if message is None:
                return bool(data)
            kind, content, self._inbox = message
            if kind == protocol.EXITED:
                self.exit_code = int(content)
            else:
                self._queue.append((kind, content))

    def _started(self) -> None:
        """Wait for the answer to the order."""
        self._socket.settimeout(PATIENCE)
        while not self._queue:
            if not self._receive():
                raise ConnectionError(104, "the monitor has ended before the container was started")
        self._socket.settimeout(None)
        kind, content = self._queue.pop(0)
        if kind == protocol.FAILED:
            raise report.decode(content)
        pid, start_time = content.split()
        self.process = Process(int(pid), int(start_time))


class Spawned:
    """A monitor and a low-level runtime that wait for their order."""

    __slots__ = ("_library", "_pid", "_socket")

    def __init__(self, library: str, pid: int, connection: _socket.socket) -> None:
        """Take over the monitor's process and the socket to it."""
        self._library = library
        self._pid = pid
        self._socket = connection

    def start(self, request: Request, netns: int = -1) -> Session:
        """Start the container; `netns` is an open network namespace that takes the place of the configuration's.

        Returns the connection, attached when `request.foreground` is set; close it otherwise.
        Raises `oci.report.LaunchError` or InvalidSpec when the container cannot be started; the monitor is gone then.
        """
        path = f"{request.run_folder}/monitor.json"
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "w") as file:
            file.write(request.text(self._library))
        order = protocol.frame(protocol.ORDER, os.fsencode(request.run_folder))
        self._socket.sendmsg([order], rights.sent([netns] if netns >= 0 else []))
        session = Session(self._socket)
        try:
            session._started()
        except BaseException:
            self.cancel()
            raise
        return session

    def cancel(self) -> None:
        """End the monitor and what it may be starting; the caller cleans up. A second call does nothing."""
        try:
            self._socket.send(protocol.frame(protocol.WITHDRAW))
        except OSError:
            pass  # it is gone, or the socket is closed already
        self._socket.close()
        if self._pid:
            os.waitpid(self._pid, 0)
            self._pid = 0


def prespawn(library: str, cgroup: str) -> Spawned:
    """Start a monitor from the installed library in `library`; returns at once, before it is ready.

    `cgroup` is the path of the monitors' cgroup, which it moves itself into. Raises OSError.
    """
    ours, theirs = _socket.socketpair(_socket.AF_UNIX, _socket.SOCK_STREAM)
    try:
        keep = (-1, -1, -1, theirs.fileno())
        pid = interpreter.spawn("runtime_lib.monitor.first", library, cgroup, keep=keep, subreaper=True)
    finally:
        theirs.close()
    return Spawned(library, pid, ours)


def connect(run_folder: str) -> Session:
    """Connect to the monitor of a container that runs.

    Raises FileNotFoundError when it has none, ConnectionRefusedError when its monitor has been killed.
    """
    # A socket's path has at most 107 bytes (unix(7)); the folder's own may be longer.
    directory = os.open(run_folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    try:
        connection.connect(f"/proc/self/fd/{directory}/monitor.sock")
    except BaseException:
        connection.close()
        raise
    finally:
        os.close(directory)
    return Session(connection)
