from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from runtime_lib.monitor import encoding, logs

CHUNKS = st.lists(st.binary(max_size=40) | st.sampled_from([b"\n", b"\xff\n", "é€😀".encode(), b"\xed\xb2\x80"]))


@given(st.binary(), st.integers(0, 2**62))
def test_a_record_gives_back_the_very_bytes(data: bytes, time_ns: int) -> None:
    line = encoding.record(data, "stdout", encoding.rfc3339(time_ns))
    assert line.endswith(b"}\n")
    assert line.count(b"\n") == 1
    record = logs.decode(line[:-1])
    assert record is not None
    assert (record.data, record.stream, record.time_ns) == (data, "stdout", time_ns)


def test_a_record_looks_like_dockers() -> None:
    line = encoding.record("naïve\t\x00\n".encode(), "stderr", encoding.rfc3339(1_700_000_000_000_000_001))
    assert line == ('{"log":"naïve\\t\\u0000\\n","stream":"stderr","time":"2023-11-14T22:13:20.000000001Z"}\n'.encode())
    assert json.loads(line)["log"] == "naïve\t\x00\n"


@given(CHUNKS)
def test_no_byte_is_lost_or_moved_by_splitting(chunks: list[bytes]) -> None:
    pieces: list[bytes] = []
    rest = b""
    for chunk in chunks:
        fresh, rest = encoding.split(rest, chunk)
        pieces += fresh
    assert b"".join(pieces) + rest == b"".join(chunks)
    assert all(piece.endswith(b"\n") and piece.count(b"\n") == 1 for piece in pieces)
    assert b"\n" not in rest


def test_long_lines_are_cut_as_docker_cuts_them() -> None:
    limit = encoding.LINE_LIMIT
    pieces, rest = encoding.split(b"", b"x" * (2 * limit + 5) + b"\n" + b"y" * (limit + 1))
    assert [len(piece) for piece in pieces] == [limit, limit, 6, limit]
    assert rest == b"y"


def test_a_character_that_a_cut_divides_survives() -> None:
    text = "€".encode() * 8000 + b"\n"
    pieces, rest = encoding.split(b"", text)
    records = [logs.decode(encoding.record(piece, "stdout", encoding.rfc3339(0))[:-1]) for piece in pieces]
    assert rest == b""
    assert b"".join(record.data for record in records if record) == text
