"""rtnetlink messages: what the kernel would read in them."""

from __future__ import annotations

import ipaddress
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime_lib.linux.netlink import messages


def attributes(data: bytes) -> list[tuple[int, bytes]]:
    """Read attributes as the kernel does (nla_next), and insist that nothing is left over."""
    found = []
    while data:
        length, kind = struct.unpack_from("=HH", data)
        assert 4 <= length <= len(data)
        found.append((kind & 0x3FFF, data[4:length]))
        data = data[(length + 3) & ~3 :]
    return found


@given(st.binary(max_size=300), st.integers(0, 0x3FFF))
def test_an_attribute_is_read_back(payload: bytes, kind: int) -> None:
    assert attributes(messages.attribute(kind, payload)) == [(kind, payload)]


@pytest.mark.parametrize("size", [65532, 65533, 65535, 65536, 65540, 70000])
def test_a_payload_too_long_for_its_length_field_raises(size: int) -> None:
    with pytest.raises(ValueError, match="too long"):
        messages.attribute(1, bytes(size))


@given(st.integers(65520, 70000))
def test_a_length_is_never_cut(size: int) -> None:
    try:
        encoded = messages.attribute(1, bytes(size))
    except ValueError:
        assert size > 65531
        return
    assert attributes(encoded) == [(1, bytes(size))]


def test_a_name_too_long_for_its_message_raises() -> None:
    with pytest.raises(ValueError, match="too long"):
        messages.veth("sv0", 3, 1500, 9, "e" * 65500, bytes(6))


def test_a_zero_in_a_name_raises() -> None:
    with pytest.raises(ValueError, match="zero"):
        messages.text(3, "eth0\0x")


def test_a_veth_pair() -> None:
    body = messages.veth("sv12", 7, 1400, 5, "eth0", b"\2\x42\1\2\3\4")
    assert struct.unpack("=BxHiII", body[:16]) == (0, 0, 0, 1, 1)
    outer = dict(attributes(body[16:]))
    assert outer[messages.IFLA_IFNAME] == b"sv12\0"
    assert outer[messages.IFLA_MASTER] == struct.pack("=I", 7)
    assert outer[messages.IFLA_ADDRESS] == b"\xfe\x42\1\2\3\4"
    info = dict(attributes(outer[messages.IFLA_LINKINFO]))
    assert info[messages.IFLA_INFO_KIND] == b"veth\0"
    peer = dict(attributes(info[messages.IFLA_INFO_DATA]))[messages.VETH_INFO_PEER]
    assert struct.unpack("=BxHiII", peer[:16]) == (0, 0, 0, 0, 0)
    assert dict(attributes(peer[16:])) == {
        messages.IFLA_IFNAME: b"eth0\0",
        messages.IFLA_ADDRESS: b"\2\x42\1\2\3\4",
        messages.IFLA_MTU: struct.pack("=I", 1400),
        messages.IFLA_NET_NS_FD: struct.pack("=I", 5),
    }


@pytest.mark.parametrize(
    ("text", "family", "kinds"),
    [
        ("10.1.2.3/24", 2, {messages.IFA_LOCAL, messages.IFA_ADDRESS, messages.IFA_BROADCAST}),
        ("fd00::5/64", 10, {messages.IFA_ADDRESS, messages.IFA_FLAGS}),
    ],
)
def test_an_address(text: str, family: int, kinds: set[int]) -> None:
    interface = ipaddress.ip_interface(text)
    broadcast = interface.network.broadcast_address.packed
    body = messages.address(4, interface.packed, interface.network.prefixlen, broadcast)
    assert struct.unpack("=BBBBI", body[:8]) == (family, interface.network.prefixlen, 0, 0, 4)
    found = dict(attributes(body[8:]))
    assert set(found) == kinds
    assert found[messages.IFA_ADDRESS] == interface.packed


def test_a_default_route() -> None:
    body = messages.default_route(2, bytes([10, 0, 0, 1]), 4)
    assert struct.unpack("=BBBBBBBBI", body[:12]) == (2, 0, 0, 0, 254, 3, 0, 1, 0)
    assert attributes(body[12:]) == [(messages.RTA_GATEWAY, b"\x0a\0\0\1"), (messages.RTA_OIF, struct.pack("=I", 2))]


@pytest.mark.parametrize(("version", "family", "scope"), [(4, 2, 253), (6, 10, 0)])
def test_a_default_route_into_the_interface(version: int, family: int, scope: int) -> None:
    body = messages.default_route(2, b"", version)
    assert struct.unpack("=BBBBBBBBI", body[:12]) == (family, 0, 0, 0, 254, 3, scope, 1, 0)
    assert attributes(body[12:]) == [(messages.RTA_OIF, struct.pack("=I", 2))]


def answer(sequence: int, number: int) -> bytes:
    return struct.pack("=IHHIIi", 36, messages.NLMSG_ERROR, 0, sequence, 0, number) + bytes(16)


def test_the_answer_of_a_request_is_found_among_others() -> None:
    data = answer(1, -17) + answer(2, 0)
    assert messages.acknowledgement(data, 1) == 17
    assert messages.acknowledgement(data, 2) == 0
    assert messages.acknowledgement(data, 3) is None


def test_an_answer_that_lies_about_its_length_raises() -> None:
    with pytest.raises(ValueError, match="shorter"):
        messages.acknowledgement(struct.pack("=IHHIIi", 3, messages.NLMSG_ERROR, 0, 1, 0, 0), 2)
