"""The private wire of a scenario: an Ethernet switch on a Unix socket, without rights, without the host's network.

A machine connects with `-netdev stream`; a frame is its length (4 bytes, big-endian) and the frame. The switch ends by
itself when no machine has been connected for some time.
"""

from __future__ import annotations

import contextlib
import fcntl
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

IDLE = 60.0  # seconds without a machine after which it ends
QUEUE = 4 << 20  # bytes that may wait for a machine that does not read; more is dropped, as a switch does


def frames(buffer: bytearray) -> Iterator[bytes]:
    """Take whole frames, each with its length before it, off the front of what was received."""
    at = 0
    while len(buffer) - at >= 4:
        end = at + 4 + int.from_bytes(buffer[at : at + 4], "big")
        if len(buffer) < end:
            break
        yield bytes(buffer[at:end])
        at = end
    del buffer[:at]


class Switch:
    """Which port has which address, and what waits for whom. A port is any value that can be a key."""

    def __init__(self) -> None:
        self.waiting: dict[object, bytearray] = {}
        self._addresses: dict[bytes, object] = {}

    def plug(self, port: object) -> None:
        """Add a port."""
        self.waiting[port] = bytearray()

    def unplug(self, port: object) -> None:
        """Forget a port and the addresses behind it."""
        del self.waiting[port]
        self._addresses = {address: other for address, other in self._addresses.items() if other is not port}

    def frame(self, port: object, record: bytes) -> list[object]:
        """Queue a frame with its length before it, and return the ports that it is for."""
        target, source = record[4:10], record[10:16]
        if len(source) < 6:
            return []
        self._addresses[source] = port
        group = target[0] & 1
        known = None if group else self._addresses.get(target)
        ports = [other for other in ([known] if known is not None else self.waiting) if other is not port]
        ports = [other for other in ports if len(self.waiting[other]) < QUEUE]
        for other in ports:
            self.waiting[other] += record
        return ports


class _Server:
    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self._selector = selectors.DefaultSelector()
        self._selector.register(listener, selectors.EVENT_READ)
        self._switch = Switch()
        self._received: dict[socket.socket, bytearray] = {}

    def run(self) -> None:
        last = time.monotonic()
        while self._received or time.monotonic() - last < IDLE:
            for key, events in self._selector.select(5):
                assert isinstance(key.fileobj, socket.socket)
                self._serve(key.fileobj, events)
            if self._received:
                last = time.monotonic()

    def _serve(self, port: socket.socket, events: int) -> None:
        if port is self._listener:
            self._accept()
            return
        if events & selectors.EVENT_WRITE and port in self._received:
            self._send(port)
        if events & selectors.EVENT_READ and port in self._received:
            self._receive(port)

    def _accept(self) -> None:
        port, _unused = self._listener.accept()
        port.setblocking(False)
        self._selector.register(port, selectors.EVENT_READ)
        self._received[port] = bytearray()
        self._switch.plug(port)

    def _receive(self, port: socket.socket) -> None:
        data = b""
        with contextlib.suppress(ConnectionError):
            data = port.recv(262144)
        if not data:
            self._gone(port)
            return
        self._received[port] += data
        touched = {other for record in frames(self._received[port]) for other in self._switch.frame(port, record)}
        for other in touched:
            assert isinstance(other, socket.socket)
            if other in self._received:  # sending to one before it may have shown that it is gone
                self._send(other)

    def _send(self, port: socket.socket) -> None:
        queue = self._switch.waiting[port]
        try:
            while queue:
                del queue[: port.send(queue[:262144])]
        except BlockingIOError:
            pass
        except ConnectionError:
            self._gone(port)
            return
        self._selector.modify(port, selectors.EVENT_READ | (selectors.EVENT_WRITE if queue else 0))

    def _gone(self, port: socket.socket) -> None:
        self._selector.unregister(port)
        port.close()
        del self._received[port]
        self._switch.unplug(port)


def ensure(path: Path) -> None:
    """Start the switch of a wire unless it is running; it is listening when this returns."""
    with open(path.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as trial:
            trial.connect(str(path))
            return
        path.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX)
        with listener:
            listener.bind(str(path))
            listener.listen(64)
            command = [sys.executable, "-m", "vms.wire", str(path), str(listener.fileno())]
            package = str(Path(__file__).parents[1])
            subprocess.Popen(
                command,
                cwd=package,
                pass_fds=[listener.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )


def _main(path: str, descriptor: str) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with socket.socket(fileno=int(descriptor)) as listener:
        listener.setblocking(False)
        _Server(listener).run()
    Path(path).unlink(missing_ok=True)


if __name__ == "__main__":
    _main(*sys.argv[1:])
