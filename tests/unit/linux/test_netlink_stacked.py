"""Interfaces on others: what the kernel would read, and what is read of its answer."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime_lib.linux.netlink import messages, stacked
from runtime_lib.linux.netlink.messages import attribute, number, text

NESTED = messages.NLA_F_NESTED


def attributes(data: bytes) -> dict[int, bytes]:
    found = {}
    while data:
        length, kind = struct.unpack_from("=HH", data)
        assert 4 <= length <= len(data)
        found[kind & 0x3FFF] = data[4:length]
        data = data[(length + 3) & ~3 :]
    return found


def info(body: bytes) -> tuple[str, dict[int, bytes]]:
    """Return kind and data of the interface that a body asks for."""
    found = attributes(attributes(body[16:])[messages.IFLA_LINKINFO])
    data = attributes(found.get(messages.IFLA_INFO_DATA, b""))
    return found[messages.IFLA_INFO_KIND].rstrip(b"\0").decode(), data


@pytest.mark.parametrize(("mode", "value"), [("private", 1), ("vepa", 2), ("bridge", 4), ("passthru", 8)])
def test_a_macvlan(mode: str, value: int) -> None:
    body = stacked.macvlan(7, mode, 0, 5, "eth1", b"\2\x42\1\2\3\4")
    assert info(body) == ("macvlan", {1: struct.pack("=I", value)})
    outer = attributes(body[16:])
    del outer[messages.IFLA_LINKINFO]
    assert outer == {
        5: struct.pack("=I", 7),
        messages.IFLA_IFNAME: b"eth1\0",
        messages.IFLA_NET_NS_FD: struct.pack("=I", 5),
        messages.IFLA_ADDRESS: b"\2\x42\1\2\3\4",
    }


def test_an_ipvlan() -> None:
    body = stacked.ipvlan(7, "l3s", "vepa", 1400, 5, "eth0")
    assert info(body) == ("ipvlan", {1: b"\2\0", 2: b"\2\0"})
    assert attributes(body[16:])[messages.IFLA_MTU] == struct.pack("=I", 1400)
    assert messages.IFLA_ADDRESS not in attributes(body[16:])


def test_a_vlan_and_a_dummy() -> None:
    assert info(stacked.vlan(7, 4094, "eth0.4094")) == ("vlan", {1: struct.pack("=H", 4094)})
    assert info(stacked.dummy("dm-0")) == ("dummy", {})


def answer(*parts: bytes, kind: int = 1, flags: int = 1) -> bytes:
    body = struct.pack("=BxHiII", 0, kind, 9, flags, 0) + b"".join(parts)
    return struct.pack("=IHHII", 16 + len(body), 16, 0, 1, 0) + body


def test_what_an_interface_is() -> None:
    vlan = text(1, "vlan") + attribute(2 | NESTED, attribute(1, struct.pack("=H", 10)))
    parts = text(3, "eth0.10"), number(4, 1500), number(10, 3), attribute(20, b"skiff\0"), attribute(18 | NESTED, vlan)
    assert stacked.facts(answer(*parts)) == stacked.Facts(9, "eth0.10", "vlan", 1500, True, False, 3, 10, "skiff")
    loopback = stacked.Facts(9, "lo", "", 0, False, True, 0, 0, "")
    assert stacked.facts(answer(text(3, "lo"), kind=772, flags=0)) == loopback


def test_data_of_another_kind_is_no_vlan() -> None:
    bridge = text(1, "bridge") + attribute(2 | NESTED, attribute(1, struct.pack("=H", 10)))
    assert stacked.facts(answer(attribute(18 | NESTED, bridge))).vlan == 0


@given(st.integers(0, 60))
def test_an_answer_that_is_cut(length: int) -> None:
    whole = answer(text(3, "eth0"), number(4, 1500))
    try:
        stacked.facts(whole[:length])
    except (ValueError, struct.error):
        assert length < len(whole)
