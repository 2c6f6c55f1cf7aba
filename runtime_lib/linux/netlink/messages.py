"""rtnetlink messages as bytes (netlink(7), rtnetlink(7), linux/if_link.h). Pure: nothing here talks to the kernel."""

from __future__ import annotations

import struct

NLM_F_REQUEST = 1
NLM_F_ACK = 4
NLM_F_REPLACE = 0x100
NLM_F_EXCL = 0x200
NLM_F_DUMP = 0x300
NLM_F_CREATE = 0x400
NLMSG_ERROR = 2
NLMSG_DONE = 3

RTM_NEWLINK = 16
RTM_DELLINK = 17
RTM_GETLINK = 18
RTM_SETLINK = 19
RTM_NEWADDR = 20
RTM_NEWROUTE = 24
RTM_GETMULTICAST = 58
RTM_NEWNSID = 88
RTM_GETNSID = 90

AF_UNSPEC = 0
AF_INET = 2
AF_BRIDGE = 7
AF_INET6 = 10
IFF_UP = 1
IFF_NOARP = 0x80

IFA_ADDRESS = 1
IFA_LOCAL = 2
IFA_BROADCAST = 4
IFA_MULTICAST = 7
IFA_FLAGS = 8
IFA_F_NODAD = 2
IFLA_ADDRESS = 1
IFLA_IFNAME = 3
IFLA_MTU = 4
IFLA_MASTER = 10
IFLA_OPERSTATE = 16
IFLA_PROTINFO = 12
IFLA_LINKINFO = 18
IFLA_NET_NS_FD = 28
IFLA_INFO_KIND = 1
IFLA_INFO_DATA = 2
IFLA_BRPORT_STATE = 1
IFLA_BRPORT_MODE = 4
IFLA_BRPORT_FLUSH = 24
IFLA_BRPORT_ISOLATED = 33
IFLA_TARGET_NETNSID = 46
NETNSA_NSID = 1
NETNSA_FD = 3
VETH_INFO_PEER = 1
NLA_F_NESTED = 0x8000
RTA_OIF = 4
RTA_GATEWAY = 5
RT_TABLE_MAIN = 254
RT_SCOPE_UNIVERSE = 0
RT_SCOPE_LINK = 253
RTPROT_BOOT = 3
RTN_UNICAST = 1

_LARGEST = 0xFFFF  # nla_len is 16 bits wide
_HEADER = struct.Struct("=IHHII")
_LINK = struct.Struct("=BxHiII")
_ADDRESS = struct.Struct("=BBBBI")
_ROUTE = struct.Struct("=BBBBBBBBI")
_GENERAL = struct.Struct("=Bxxx")


def attribute(kind: int, payload: bytes) -> bytes:
    """Return one netlink attribute, padded to four bytes.

    Raises ValueError when the payload is longer than 65531 bytes: a length that wraps around would turn the rest of
    the payload into attributes of its own.
    """
    length = 4 + len(payload)
    if length > _LARGEST:
        raise ValueError(f"netlink attribute {kind} of {len(payload)} bytes is too long: at most {_LARGEST - 4}")
    return struct.pack("=HH", length, kind) + payload + bytes(-length % 4)


def attributes(data: bytes) -> dict[int, bytes]:
    """Return the payloads of netlink attributes by their kind. Raises ValueError when one is cut short."""
    found = {}
    while len(data) >= 4:
        length, kind = struct.unpack_from("=HH", data)
        if not 4 <= length <= len(data):
            raise ValueError(f"netlink attribute {kind} of {length} bytes in {len(data)} bytes")
        found[kind & ~NLA_F_NESTED] = data[4:length]
        data = data[(length + 3) & ~3 :]
    return found


def number(kind: int, value: int) -> bytes:
    """Return an attribute that holds 32 bits."""
    return attribute(kind, struct.pack("=I", value))


def text(kind: int, value: str) -> bytes:
    """Return an attribute that holds a string, with its final zero. Raises ValueError when `value` has a zero."""
    if "\0" in value:
        raise ValueError(f"netlink attribute {kind} must not hold a zero byte")
    return attribute(kind, value.encode() + b"\0")


def request(kind: int, flags: int, sequence: int, body: bytes) -> bytes:
    """Return a whole message that asks for an acknowledgement."""
    length = _HEADER.size + len(body)
    return _HEADER.pack(length, kind, flags | NLM_F_REQUEST | NLM_F_ACK, sequence, 0) + body


def query(kind: int, sequence: int, body: bytes) -> bytes:
    """Return a whole message that asks for an answer, and for no acknowledgement beside it."""
    return _HEADER.pack(_HEADER.size + len(body), kind, NLM_F_REQUEST, sequence, 0) + body


def acknowledgement(data: bytes, sequence: int) -> int | None:
    """Return the errno (0: done) of the answer to `sequence` in what was read, or None when it is not in there.

    Raises ValueError.
    """
    offset = 0
    while offset + _HEADER.size <= len(data):
        length, kind, _flags, number_of, _port = _HEADER.unpack_from(data, offset)
        if length < _HEADER.size:
            raise ValueError(f"netlink message of {length} bytes is shorter than its own header")
        if kind == NLMSG_ERROR and number_of == sequence:
            return -int(struct.unpack_from("=i", data, offset + _HEADER.size)[0])
        offset += (length + 3) & ~3
    return None


def veth(host_name: str, bridge: int, mtu: int, namespace: int, name: str, mac: bytes) -> bytes:
    """Return the body of RTM_NEWLINK for a veth pair.

    The host's end is up, and a port of the bridge with index `bridge`. Its peer is born inside the network namespace
    that the descriptor `namespace` stands for, under its final name and hardware address; it is not up, because the
    kernel refuses that (ENOTCONN) before the two are a pair.
    The host's end has an address that begins with fe: a bridge takes the lowest one of its ports for its own, and must
    not change it, which its neighbours know, whenever a container comes or goes.
    """
    up = _LINK.pack(AF_UNSPEC, 0, 0, IFF_UP, IFF_UP)
    peer = (
        _LINK.pack(AF_UNSPEC, 0, 0, 0, 0)
        + text(IFLA_IFNAME, name)
        + attribute(IFLA_ADDRESS, mac)
        + number(IFLA_MTU, mtu)
    )
    peer += number(IFLA_NET_NS_FD, namespace)
    data = attribute(IFLA_INFO_DATA | NLA_F_NESTED, attribute(VETH_INFO_PEER | NLA_F_NESTED, peer))
    info = attribute(IFLA_LINKINFO | NLA_F_NESTED, text(IFLA_INFO_KIND, "veth") + data)
    host = text(IFLA_IFNAME, host_name) + attribute(IFLA_ADDRESS, b"\xfe" + mac[1:]) + number(IFLA_MTU, mtu)
    return up + host + number(IFLA_MASTER, bridge) + info


def link(index: int) -> bytes:
    """Return the body of RTM_GETLINK for one interface."""
    return _LINK.pack(AF_UNSPEC, 0, index, 0, 0)


def link_up(index: int) -> bytes:
    """Return the body of RTM_SETLINK that sets an interface up."""
    return _LINK.pack(AF_UNSPEC, 0, index, IFF_UP, IFF_UP)


def link_master(index: int, bridge: int) -> bytes:
    """Return the body of RTM_SETLINK that makes an interface a port of a bridge."""
    return _LINK.pack(AF_UNSPEC, 0, index, 0, 0) + number(IFLA_MASTER, bridge)


def link_named(name: str, namespace: int | None = None) -> bytes:
    """Return the body of RTM_DELLINK for an interface by its name, of the namespace with an id or of one's own."""
    elsewhere = b"" if namespace is None else number(IFLA_TARGET_NETNSID, namespace)
    return _LINK.pack(AF_UNSPEC, 0, 0, 0, 0) + text(IFLA_IFNAME, name) + elsewhere


def namespace_id(kind: int, value: int, wanted: int | None = None) -> bytes:
    """Return the body of RTM_NEWNSID and RTM_GETNSID: which namespace, by NETNSA_FD or NETNSA_NSID, and its new id."""
    return _GENERAL.pack(AF_UNSPEC) + number(kind, value) + (b"" if wanted is None else number(NETNSA_NSID, wanted))


def namespace_id_of(data: bytes) -> int:
    """Return the id in the answer to RTM_GETNSID; -1: it has none. Raises ValueError."""
    kind, found = struct.unpack_from("=Hi", data, _HEADER.size + _GENERAL.size + 2)
    if kind != NETNSA_NSID:
        raise ValueError(f"netlink answer about a namespace begins with attribute {kind}")
    return int(found)


def bridge_port(index: int, *attributes: bytes) -> bytes:
    """Return the body of RTM_SETLINK that changes a port of a bridge by IFLA_BRPORT_ attributes."""
    return _LINK.pack(AF_BRIDGE, 0, index, 0, 0) + attribute(IFLA_PROTINFO | NLA_F_NESTED, b"".join(attributes))


def address(index: int, packed: bytes, prefix_length: int, broadcast: bytes) -> bytes:
    """Return the body of RTM_NEWADDR. `packed` has 4 bytes (IPv4) or 16; IPv6 has no broadcast address."""
    if len(packed) == 16:
        header = _ADDRESS.pack(AF_INET6, prefix_length, 0, 0, index)
        return header + attribute(IFA_ADDRESS, packed) + number(IFA_FLAGS, IFA_F_NODAD)
    header = _ADDRESS.pack(AF_INET, prefix_length, 0, 0, index)
    both = attribute(IFA_LOCAL, packed) + attribute(IFA_ADDRESS, packed)
    return header + both + attribute(IFA_BROADCAST, broadcast)


def default_route(index: int, gateway: bytes, version: int) -> bytes:
    """Return the body of RTM_NEWROUTE for the default route of IP version 4 or 6 by a gateway of 4 or 16 bytes.

    Without a gateway everybody is taken for a neighbour on the interface.
    """
    family = AF_INET6 if version == 6 else AF_INET
    scope = RT_SCOPE_LINK if version == 4 and not gateway else RT_SCOPE_UNIVERSE
    header = _ROUTE.pack(family, 0, 0, 0, RT_TABLE_MAIN, RTPROT_BOOT, scope, RTN_UNICAST, 0)
    return header + (attribute(RTA_GATEWAY, gateway) if gateway else b"") + number(RTA_OIF, index)
