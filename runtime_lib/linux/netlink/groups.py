"""What netlink tells of an interface's readiness for its neighbours. Pure: nothing here talks to the kernel."""

from __future__ import annotations

import struct

from . import messages

_HEADER = struct.Struct("=IHHII")
_LINK_SIZE = 16  # struct ifinfomsg
_ADDRESS = struct.Struct("=BBBBI")  # struct ifaddrmsg, whose last field is the interface's index
_SOLICITED = bytes.fromhex("ff0200000000000000000001ff")  # RFC 4291, 2.7.1
_OPERSTATE_UP = 6  # IF_OPER_UP of linux/if.h


def solicited(address: bytes) -> bytes:
    """Return the group in which neighbours ask for an IPv6 address, both of 16 bytes."""
    return _SOLICITED + address[-3:]


def query(sequence: int) -> bytes:
    """Return the message that asks for all groups of IPv6 of a network namespace."""
    body = _ADDRESS.pack(messages.AF_INET6, 0, 0, 0, 0)
    flags = messages.NLM_F_REQUEST | messages.NLM_F_DUMP
    return _HEADER.pack(_HEADER.size + len(body), messages.RTM_GETMULTICAST, flags, sequence, 0) + body


def listened(data: bytes) -> tuple[list[tuple[int, bytes]], bool]:
    """Return (index of the interface, group) of each one in a part of the answer to `query`.

    Beside it stands whether that is the last part. Raises OSError for a refusal.
    """
    found: list[tuple[int, bytes]] = []
    offset = 0
    while offset + _HEADER.size <= len(data):
        length, kind, _flags, _sequence, _port = _HEADER.unpack_from(data, offset)
        payload = data[offset + _HEADER.size : offset + length]
        if kind == messages.NLMSG_DONE:
            return found, True
        if kind == messages.NLMSG_ERROR:
            raise OSError(-struct.unpack_from("=i", payload)[0], "the kernel does not tell multicast groups")
        group = messages.attributes(payload[_ADDRESS.size :])[messages.IFA_MULTICAST]
        found.append((_ADDRESS.unpack_from(payload)[4], group))
        offset += (max(length, _HEADER.size) + 3) & ~3
    return found, False


def is_operational(answer: bytes) -> bool:
    """Whether the answer to RTM_GETLINK says that an interface has its carrier, and the kernel has acted on that."""
    told = messages.attributes(answer[_HEADER.size + _LINK_SIZE :])
    return told.get(messages.IFLA_OPERSTATE) == bytes([_OPERSTATE_UP])
