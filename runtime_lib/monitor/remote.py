"""Records that are sent away: to a syslog server or to the journal, and to both the file and one of them.

A receiver that is slow or gone must not stop the application for long: it waits at most a second for a record, and what
cannot be sent is counted and dropped. With a buffer it does not wait at all.
"""

from __future__ import annotations

import _socket
import time

from .encoding import split

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .logfile import LogFile
    from .loop import Loop

PATIENCE = 1.0  # seconds for a receiver to take a record
_REST = 5.0  # seconds until one that could not be reached is tried again
_FLUSH = 0.05  # seconds between two attempts to send what waits in the buffer


class Remote:
    """`place` has `scheme` (unix, unixgram, udp, tcp), `address` and `buffer` (bytes; 0: the application waits)."""

    __slots__ = (
        "dropped", "_away_until", "_encode", "_loop", "_partial", "_place", "_queue", "_queued", "_rest", "_slow",
        "_socket",
    )  # fmt: skip

    def __init__(self, place: dict[str, Any], encode: Callable[[str, bytes], bytes], loop: Loop) -> None:
        self.dropped = 0  # records
        self._away_until = 0.0
        self._encode = encode
        self._loop = loop
        self._partial = False  # whether a part of the first message is with the receiver
        self._place = place
        self._queue: list[bytes] = []
        self._queued = 0
        self._rest: dict[str, bytes] = {}
        self._slow = False
        self._socket: _socket.socket | None = None

    def write(self, stream: str, data: bytes) -> None:
        """Take what the application wrote; an unfinished line waits for its end."""
        pieces, self._rest[stream] = split(self._rest.get(stream, b""), data)
        for piece in pieces:
            if piece != b"\n":  # as Docker: an empty line is no message
                self._put(self._encode(stream, piece))
        self._flush()

    def finish(self) -> None:
        """Send unfinished lines and what waits, as the application has ended; what is not taken in time is lost."""
        for stream, rest in self._rest.items():
            if rest:
                self._put(self._encode(stream, rest))
        self._rest.clear()
        self._drain(PATIENCE)
        self._drop(len(self._queue))

    def close(self) -> None:
        """Leave the receiver."""
        self._loop.cancel("log")
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _put(self, message: bytes) -> None:
        most = self._place["buffer"]
        if most and self._queued + len(message) > most:
            self._flush()
            if self._queued + len(message) > most:
                self.dropped += 1
                return
        self._queue.append(message)
        self._queued += len(message)

    def _flush(self) -> None:
        if self._place["buffer"]:
            self._drain(0.0)
            if self._queue:
                self._loop.after("log", _FLUSH, self._flush)
            return
        while self._queue:
            # Once a record was not taken in time, the next ones do not wait: a receiver that hangs is no brake.
            self._drain(0.0 if self._slow else PATIENCE)
            self._slow = bool(self._queue)
            self._drop(min(1, len(self._queue)))

    def _drain(self, patience: float) -> None:
        """Send what waits, as far as the receiver takes it in so many seconds."""
        deadline = time.monotonic() + patience
        while self._queue and self._connected():
            try:
                self._send_first(deadline)
            except (BlockingIOError, TimeoutError, _socket.timeout):
                return
            except OSError:
                if not self._again(deadline):
                    return

    def _send_first(self, deadline: float) -> None:
        """Send one message; on a stream the part that was taken must not be sent again."""
        if self._socket is None:
            return
        self._socket.settimeout(max(deadline - time.monotonic(), 0.0))
        message = self._queue[0]
        sent = self._socket.send(message)
        self._queued -= sent
        self._partial = sent < len(message)
        if self._partial:
            self._queue[0] = message[sent:]
        else:
            self._queue.pop(0)

    def _again(self, deadline: float) -> bool:
        """Connect and send once more after a failure: a server that was restarted has a new socket."""
        if self._partial:
            self._drop(1)
        self.close()
        if not self._connected():
            return False
        try:
            self._send_first(deadline)
            return True
        except OSError:
            self.close()
            self._drop(1)
            return False

    def _connected(self) -> bool:
        if self._socket is not None:
            return True
        if time.monotonic() < self._away_until:
            return False
        try:
            self._socket = _connect(self._place["scheme"], self._place["address"])
            return True
        except OSError:
            self._away_until = time.monotonic() + _REST
            return False

    def _drop(self, number: int) -> None:
        self.dropped += number
        if number and self._partial:  # the next message must not follow a half one
            self._partial = False
            self.close()
        self._queued -= sum([len(message) for message in self._queue[:number]])
        del self._queue[:number]


class Both:
    """Records to a file on this host and to a receiver."""

    __slots__ = ("_file", "_remote")

    def __init__(self, file: LogFile, remote: Remote) -> None:
        self._file = file
        self._remote = remote

    @property
    def dropped(self) -> int:
        """How many records one of them has lost."""
        return self._file.dropped + self._remote.dropped

    def write(self, stream: str, data: bytes) -> None:
        """Take what the application wrote."""
        self._file.write(stream, data)
        self._remote.write(stream, data)

    def finish(self) -> None:
        """Write what is unfinished."""
        self._file.finish()
        self._remote.finish()

    def close(self) -> None:
        """Close both."""
        self._file.close()
        self._remote.close()


def _connect(scheme: str, address: Any) -> _socket.socket:
    """Return a connected socket. Raises OSError."""
    if scheme in ("unix", "unixgram"):
        family, where = _socket.AF_UNIX, address
    else:
        family = _socket.AF_INET6 if ":" in address[0] else _socket.AF_INET
        where = (address[0], address[1])
    kind = _socket.SOCK_DGRAM if scheme in ("unixgram", "udp") else _socket.SOCK_STREAM
    made = _socket.socket(family, kind | _socket.SOCK_CLOEXEC)
    try:
        made.settimeout(PATIENCE)
        made.connect(where)
    except BaseException:
        made.close()
        raise
    return made
