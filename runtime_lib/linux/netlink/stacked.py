"""Interfaces on another one (macvlan, ipvlan, VLAN), dummy ones, and what an interface is (linux/if_link.h)."""

from __future__ import annotations

import errno
import struct

from ...records import dataclass
from . import messages

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .link import Rtnetlink

_IFLA_LINK = 5
_IFLA_IFALIAS = 20
_MACVLAN_MODE = 1
_IPVLAN_MODE = 1
_IPVLAN_FLAGS = 2
_VLAN_ID = 1

# MACVLAN_MODE_*, IPVLAN_MODE_* and IPVLAN_F_*; ipvlan's mode and flags are those of all interfaces on one parent
MACVLAN_MODES = {"private": 1, "vepa": 2, "bridge": 4, "passthru": 8}
IPVLAN_MODES = {"l2": 0, "l3": 1, "l3s": 2}
IPVLAN_FLAGS = {"bridge": 0, "private": 1, "vepa": 2}

_ARPHRD_LOOPBACK = 772
_LINK = struct.Struct("=BxHiII")
_HEADER = 16  # struct nlmsghdr


@dataclass(frozen=True)
class Facts:
    """What the kernel tells of an interface; `master` is an index, and what there is none of is 0 or ""."""

    index: int
    name: str
    kind: str
    mtu: int
    up: bool
    loopback: bool
    master: int
    vlan: int
    alias: str


def macvlan(parent: int, mode: str, mtu: int, namespace: int, name: str, mac: bytes) -> bytes:
    """Return the body of RTM_NEWLINK for a macvlan that is born inside a namespace (a descriptor).

    `parent` is the index of the interface that it lies on; an `mtu` of 0 is the parent's.
    """
    data = messages.number(_MACVLAN_MODE, MACVLAN_MODES[mode])
    return _on(parent, mtu, namespace, name) + messages.attribute(messages.IFLA_ADDRESS, mac) + _info("macvlan", data)


def ipvlan(parent: int, mode: str, flag: str, mtu: int, namespace: int, name: str) -> bytes:
    """Return the body of RTM_NEWLINK for an ipvlan that is born inside a namespace; it has the parent's MAC address."""
    data = _short(_IPVLAN_MODE, IPVLAN_MODES[mode]) + _short(_IPVLAN_FLAGS, IPVLAN_FLAGS[flag])
    return _on(parent, mtu, namespace, name) + _info("ipvlan", data)


def vlan(parent: int, number: int, name: str) -> bytes:
    """Return the body of RTM_NEWLINK for the interface of VLAN `number` (802.1Q) on a parent."""
    body = _LINK.pack(messages.AF_UNSPEC, 0, 0, 0, 0) + messages.number(_IFLA_LINK, parent)
    return body + messages.text(messages.IFLA_IFNAME, name) + _info("vlan", _short(_VLAN_ID, number))


def dummy(name: str) -> bytes:
    """Return the body of RTM_NEWLINK for an interface that leads nowhere."""
    body = _LINK.pack(messages.AF_UNSPEC, 0, 0, 0, 0) + messages.text(messages.IFLA_IFNAME, name)
    return body + messages.attribute(messages.IFLA_LINKINFO | messages.NLA_F_NESTED, _kind("dummy"))


def aliased(index: int, alias: str) -> bytes:
    """Return the body of RTM_SETLINK that notes a text at an interface (`ip link show` has it)."""
    return _LINK.pack(messages.AF_UNSPEC, 0, index, 0, 0) + messages.attribute(_IFLA_IFALIAS, alias.encode())


def renamed(index: int, name: str) -> bytes:
    """Return the body of RTM_SETLINK that gives an interface which is not up another name."""
    return _LINK.pack(messages.AF_UNSPEC, 0, index, 0, 0) + messages.text(messages.IFLA_IFNAME, name)


def without_arp(index: int) -> bytes:
    """Return the body of RTM_SETLINK after which the host answers nobody's question for its addresses by ARP."""
    return _LINK.pack(messages.AF_UNSPEC, 0, index, messages.IFF_NOARP, messages.IFF_NOARP)


def addressed(index: int, mac: bytes) -> bytes:
    """Return the body of RTM_SETLINK that gives an interface another MAC address."""
    return _LINK.pack(messages.AF_UNSPEC, 0, index, 0, 0) + messages.attribute(messages.IFLA_ADDRESS, mac)


def look(host: Rtnetlink, which: str | int) -> Facts | None:
    """Return what an interface is, by its name or index; None when there is none. Raises OSError."""
    try:
        return facts(host.describe(which))
    except OSError as error:
        if error.errno == errno.ENODEV:
            return None
        raise


def facts(answer: bytes) -> Facts:
    """Return what an answer to RTM_GETLINK tells. Raises ValueError when it is cut short."""
    _family, kind, index, flags, _change = _LINK.unpack_from(answer, _HEADER)
    found = messages.attributes(answer[_HEADER + _LINK.size :])
    info = messages.attributes(found.get(messages.IFLA_LINKINFO, b""))
    name = _text(info.get(messages.IFLA_INFO_KIND, b""))
    data = messages.attributes(info.get(messages.IFLA_INFO_DATA, b"")) if name == "vlan" else {}
    return Facts(
        index,
        _text(found.get(messages.IFLA_IFNAME, b"")),
        name,
        _number(found.get(messages.IFLA_MTU, b"")),
        bool(flags & messages.IFF_UP),
        kind == _ARPHRD_LOOPBACK,
        _number(found.get(messages.IFLA_MASTER, b"")),
        _number(data.get(_VLAN_ID, b"")),
        _text(found.get(_IFLA_IFALIAS, b"")),
    )


def _on(parent: int, mtu: int, namespace: int, name: str) -> bytes:
    body = _LINK.pack(messages.AF_UNSPEC, 0, 0, 0, 0) + messages.number(_IFLA_LINK, parent)
    body += messages.text(messages.IFLA_IFNAME, name) + messages.number(messages.IFLA_NET_NS_FD, namespace)
    return body + (messages.number(messages.IFLA_MTU, mtu) if mtu else b"")


def _info(kind: str, data: bytes) -> bytes:
    inner = _kind(kind) + messages.attribute(messages.IFLA_INFO_DATA | messages.NLA_F_NESTED, data)
    return messages.attribute(messages.IFLA_LINKINFO | messages.NLA_F_NESTED, inner)


def _kind(kind: str) -> bytes:
    return messages.text(messages.IFLA_INFO_KIND, kind)


def _short(kind: int, value: int) -> bytes:
    return messages.attribute(kind, struct.pack("=H", value))


def _text(payload: bytes) -> str:
    return payload.rstrip(b"\0").decode(errors="replace")


def _number(payload: bytes) -> int:
    return int.from_bytes(payload, "little" if struct.pack("=H", 1) == b"\1\0" else "big")
