"""Descriptors that travel over a Unix socket (unix(7), SCM_RIGHTS)."""

from __future__ import annotations

import _socket
import posix
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_MOST = 8
_SIZE = 4  # bytes of a C int
DESCRIPTORS = _socket.CMSG_SPACE(_MOST * _SIZE)  # the room that `recvmsg` needs for them


def sent(descriptors: Sequence[int]) -> list[tuple[int, int, bytes]]:
    """Return the ancillary data for `sendmsg`."""
    if not descriptors:
        return []
    packed = b"".join([number.to_bytes(_SIZE, sys.byteorder) for number in descriptors])
    return [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, packed)]


def received(ancillary: Sequence[tuple[int, int, bytes]]) -> list[int]:
    """Return the descriptors that came with `recvmsg`; programs that are executed do not get them."""
    found = []
    for level, kind, packed in ancillary:
        if (level, kind) == (_socket.SOL_SOCKET, _socket.SCM_RIGHTS):
            found += [int.from_bytes(packed[at : at + _SIZE], sys.byteorder) for at in range(0, len(packed), _SIZE)]
    for descriptor in found:
        posix.set_inheritable(descriptor, False)
    return found
