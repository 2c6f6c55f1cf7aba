"""What `ethtool -K` does, without the program (linux/ethtool.h)."""

from __future__ import annotations

import _socket
import array
import fcntl
import struct

_SIOCETHTOOL = 0x8946
_ETHTOOL_STXCSUM = 0x17
_IFREQ = struct.Struct("=16sQ16x")


def compute_checksums(name: str) -> None:
    """Have the kernel write the checksums of what an interface sends, and send no packet larger than its MTU.

    Otherwise it leaves both to the hardware, which a veth pair has not: who takes frames from its other end by a packet
    socket (packet(7)), gets them with wrong checksums. The interface is one of the thread's network namespace.
    Raises OSError.
    """
    request = array.array("I", [_ETHTOOL_STXCSUM, 0])
    address, _length = request.buffer_info()
    probe = _socket.socket(_socket.AF_INET, _socket.SOCK_DGRAM | _socket.SOCK_CLOEXEC)
    try:
        fcntl.ioctl(probe, _SIOCETHTOOL, _IFREQ.pack(name.encode(), address))
    except OSError as error:
        raise OSError(error.errno, error.strerror, name) from error
    finally:
        probe.close()
