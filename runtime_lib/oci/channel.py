"""Messages with descriptors over a Unix stream socket; `_socket` alone, as `socket` takes milliseconds to import."""

from __future__ import annotations

import _socket
import os
import sys

LEFT = b"d"  # to the helper of an exec: the user has left the terminal, the program goes on
_HEAD = 8  # bytes of the length before each message
_MOST_DESCRIPTORS = 253  # SCM_MAX_FD of the kernel


def pair() -> tuple[int, int]:
    """Return two connected descriptors, neither of them inherited."""
    ours, theirs = _socket.socketpair(_socket.AF_UNIX, _socket.SOCK_STREAM)
    return ours.detach(), theirs.detach()


def send(connection: int, message: bytes, descriptors: tuple[int, ...] = ()) -> None:
    """Send a message, and with it descriptors. Raises BrokenPipeError when the other side has gone."""
    socket = _borrowed(connection)
    try:
        rights = b"".join(number.to_bytes(4, sys.byteorder) for number in descriptors)
        ancillary = [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, rights)] if descriptors else []
        head = len(message).to_bytes(_HEAD, "big")
        socket.sendmsg([head], ancillary, _socket.MSG_NOSIGNAL)
        socket.sendall(message, _socket.MSG_NOSIGNAL)
    finally:
        socket.detach()


def receive(connection: int) -> tuple[bytes, list[int]]:
    """Return a message and its descriptors, not inheritable; (b"", []) when the other side has gone."""
    socket = _borrowed(connection)
    try:
        head, ancillary, _flags, _address = socket.recvmsg(
            _HEAD, _socket.CMSG_SPACE(4 * _MOST_DESCRIPTORS), _socket.MSG_CMSG_CLOEXEC | _socket.MSG_WAITALL
        )
        descriptors = [number for level, kind, data in ancillary for number in _rights(level, kind, data)]
        if len(head) < _HEAD:
            return b"", descriptors
        return _receive_all(socket, int.from_bytes(head, "big")), descriptors
    finally:
        socket.detach()


def send_terminal(connection: int, master: int) -> None:
    """Send a terminal's master as runc does it (docs/terminals.md of runc): one message, one descriptor."""
    socket = _borrowed(connection)
    try:
        socket.sendmsg([b"/dev/ptmx"], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, master.to_bytes(4, sys.byteorder))])
    finally:
        socket.detach()


def _borrowed(connection: int) -> _socket.socket:
    return _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM, 0, fileno=connection)


def _rights(level: int, kind: int, data: bytes) -> list[int]:
    if (level, kind) != (_socket.SOL_SOCKET, _socket.SCM_RIGHTS):
        return []
    return [int.from_bytes(data[start : start + 4], sys.byteorder) for start in range(0, len(data) // 4 * 4, 4)]


def _receive_all(socket: _socket.socket, size: int) -> bytes:
    parts = []
    while size:
        part = socket.recv(min(size, 1 << 20))
        if not part:
            raise OSError(104, os.strerror(104))  # ECONNRESET
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def receive_terminal(connection: int) -> int:
    """Return the master that `send_terminal` sent, or -1 when the other side has closed without sending one."""
    socket = _borrowed(connection)
    try:
        _unused, ancillary, _flags, _address = socket.recvmsg(
            64, _socket.CMSG_SPACE(4 * _MOST_DESCRIPTORS), _socket.MSG_CMSG_CLOEXEC
        )
        return next((number for level, kind, data in ancillary for number in _rights(level, kind, data)), -1)
    finally:
        socket.detach()
