"""What netlink tells of an interface's readiness."""

from __future__ import annotations

import ipaddress
import struct

import pytest

from runtime_lib.linux.netlink import groups, messages

HEADER = struct.Struct("=IHHII")
DONE = HEADER.pack(20, messages.NLMSG_DONE, 2, 7, 0) + bytes(4)


def packed(text: str) -> bytes:
    return ipaddress.IPv6Address(text).packed


def member(index: int, group: str) -> bytes:
    body = struct.pack("=BBBBI", messages.AF_INET6, 128, 0, 0, index)
    body += messages.attribute(messages.IFA_MULTICAST, packed(group)) + messages.attribute(6, bytes(16))
    return HEADER.pack(16 + len(body), messages.RTM_GETMULTICAST, 2, 7, 0) + body


def test_the_group_of_an_address() -> None:
    assert groups.solicited(packed("fd00:9::12:3456")) == packed("ff02::1:ff12:3456")  # the example of RFC 4291


def test_all_groups_are_asked_for() -> None:
    length, kind, flags, sequence, _port = HEADER.unpack_from(groups.query(7))
    assert (length, kind, sequence) == (len(groups.query(7)), messages.RTM_GETMULTICAST, 7)
    assert flags == messages.NLM_F_REQUEST | messages.NLM_F_DUMP


def test_the_groups_of_several_interfaces_in_parts() -> None:
    first = member(1, "ff02::1") + member(5, "ff02::1:ff00:2")
    there = [(1, packed("ff02::1")), (5, packed("ff02::1:ff00:2"))]
    assert groups.listened(first) == (there, False)
    assert groups.listened(first + DONE) == (there, True)
    assert groups.listened(DONE) == ([], True)


def test_a_refusal_is_an_error() -> None:
    with pytest.raises(OSError, match="does not tell") as caught:
        groups.listened(HEADER.pack(36, messages.NLMSG_ERROR, 0, 7, 0) + struct.pack("=i", -95) + bytes(16))
    assert caught.value.errno == 95


@pytest.mark.parametrize(("state", "ready"), [(6, True), (2, False), (0, False)])
def test_an_interface_whose_carrier_was_acted_on(state: int, ready: bool) -> None:
    body = bytes(16) + messages.text(messages.IFLA_IFNAME, "eth0")
    body += messages.attribute(messages.IFLA_OPERSTATE, bytes([state]))
    assert groups.is_operational(HEADER.pack(16 + len(body), messages.RTM_NEWLINK, 0, 7, 0) + body) is ready
