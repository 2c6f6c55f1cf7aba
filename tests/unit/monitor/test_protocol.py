from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime_lib.monitor import protocol


@given(st.lists(st.tuples(st.integers(0, 255), st.binary(max_size=100))), st.integers(1, 50))
def test_messages_come_out_as_they_went_in(messages: list[tuple[int, bytes]], step: int) -> None:
    wire = b"".join(protocol.frame(kind, content) for kind, content in messages)
    inbox, found = b"", []
    for start in range(0, len(wire), step):
        inbox += wire[start : start + step]
        while True:
            message = protocol.take(inbox)
            if message is None:
                break
            found.append(message[:2])
            inbox = message[2]
    assert found == messages
    assert inbox == b""


def test_a_message_that_is_too_long_is_refused() -> None:
    with pytest.raises(ValueError, match="too long"):
        protocol.take(b"I\0\0\0\xff\xff\xff\xff")


def test_output_has_dockers_header() -> None:
    assert protocol.frame(protocol.STDERR, b"oops") == b"\x02\0\0\0\0\0\0\x04oops"
