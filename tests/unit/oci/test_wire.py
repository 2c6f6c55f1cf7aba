from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime_lib.oci import channel, wire

VALUES = st.recursive(
    st.text(max_size=20) | st.integers(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=15,
)


@given(VALUES)
def test_what_is_packed_is_unpacked(value: object) -> None:
    assert wire.text(wire.unpack(wire.pack(value))) == value


def test_bytes_stay_bytes_and_none_is_left_out() -> None:
    assert wire.unpack(wire.pack({"a": b"\0\xff", "b": None, "c": True})) == {"a": b"\0\xff", "c": 1}


def test_undecodable_names_survive() -> None:
    assert wire.text(wire.unpack(wire.pack(os.fsdecode(b"a\xffb")))) == os.fsdecode(b"a\xffb")


@pytest.mark.parametrize("data", [b"", b"5:abc", b"i1", b"l1:a", b"1:ab", b"x", b"i1ei2e"])
def test_torn_messages_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r".*"):
        wire.unpack(data)


def test_what_has_no_encoding_is_refused() -> None:
    with pytest.raises(TypeError, match="float"):
        wire.pack([1.5])


def test_messages_and_descriptors_arrive() -> None:
    ours, theirs = channel.pair()
    read, write = os.pipe()
    channel.send(ours, b"x" * 3000, (write,))
    message, descriptors = channel.receive(theirs)
    assert (message, len(descriptors), os.get_inheritable(descriptors[0])) == (b"x" * 3000, 1, False)
    os.write(descriptors[0], b"hello")
    assert os.read(read, 10) == b"hello"
    os.close(ours)
    assert channel.receive(theirs) == (b"", [])
    for descriptor in (theirs, read, write, *descriptors):
        os.close(descriptor)


def test_a_terminal_is_sent_as_runc_does() -> None:
    ours, theirs = channel.pair()
    channel.send_terminal(ours, ours)
    received = channel.receive_terminal(theirs)
    assert received >= 0
    os.close(ours)
    os.close(received)
    assert channel.receive_terminal(theirs) == -1
    os.close(theirs)
