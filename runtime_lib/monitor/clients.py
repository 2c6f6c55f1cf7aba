"""Those who are connected to the monitor's socket."""

from __future__ import annotations

import _socket

from . import protocol

_SO_SNDBUFFORCE = 32  # socket(7); CPython has no name for it
_QUEUE = 1024 * 1024  # bytes that the kernel keeps for a reader that is slow


class Client:
    """One connection."""

    __slots__ = ("attached", "cleans_up", "foreground", "inbox", "outbox", "socket", "wants_health")

    def __init__(self, socket: _socket.socket, foreground: bool = False) -> None:
        """`foreground`: the output of this one is never dropped; the application waits for it, as for any pipe."""
        self.socket = socket
        self.foreground = foreground
        self.attached = foreground
        self.cleans_up = foreground
        self.wants_health = False
        self.inbox = b""
        self.outbox = b""
        socket.setblocking(False)
        try:
            socket.setsockopt(_socket.SOL_SOCKET, _SO_SNDBUFFORCE, _QUEUE)
        except PermissionError:
            socket.setsockopt(_socket.SOL_SOCKET, _socket.SO_SNDBUF, _QUEUE)

    def send(self, kind: int, content: bytes = b"") -> None:
        """Send a message, or keep it until there is room. Raises OSError when the peer is gone."""
        self.outbox += protocol.frame(kind, content)
        self.flush()

    def flush(self) -> None:
        """Send what waits, as far as there is room. Raises OSError when the peer is gone."""
        while self.outbox:
            try:
                sent = self.socket.send(self.outbox)
            except BlockingIOError:
                return
            self.outbox = self.outbox[sent:]

    def receive(self) -> bool:
        """Read what is there; return False after the end of the connection."""
        try:
            data = self.socket.recv(protocol.LIMIT)
        except BlockingIOError:
            return True
        except OSError:
            return False
        self.inbox += data
        return bool(data)

    def message(self) -> tuple[int, bytes] | None:
        """Return the next whole message that was received. Raises ValueError when it is none of ours."""
        found = protocol.take(self.inbox)
        if found is None:
            return None
        self.inbox = found[2]
        return found[0], found[1]


def listen(folder: str, name: str) -> _socket.socket:
    """Return a socket that listens at `folder`/`name`, for its owner alone."""
    import posix

    # A socket's path has at most 107 bytes (unix(7)); the folder's own may be longer.
    directory = posix.open(folder, posix.O_RDONLY | posix.O_DIRECTORY | posix.O_CLOEXEC)
    path = f"/proc/self/fd/{directory}/{name}"
    socket = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM | _socket.SOCK_CLOEXEC)
    try:
        posix.unlink(path)
    except FileNotFoundError:
        pass
    previous = posix.umask(0o177)
    try:
        socket.bind(path)
    finally:
        posix.umask(previous)
        posix.close(directory)
    socket.listen(64)
    socket.setblocking(False)
    return socket
