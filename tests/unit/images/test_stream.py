from __future__ import annotations

import gzip
import io
import os
import threading

import pytest

from runtime_lib.errors import CorruptData
from runtime_lib.images.stream import LayerStream
from tests.support.archives import digest

DATA = os.urandom(100_000) + bytes(20_000_000)


def test_both_digests_are_known_at_the_end() -> None:
    stored = gzip.compress(DATA)
    with LayerStream(io.BytesIO(stored), True) as stream:
        assert b"".join(iter(stream.read, b"")) == DATA
        assert stream.read() == b""
        assert (stream.diff_id, stream.digest) == (digest(DATA), digest(stored))


def test_a_failure_reaches_the_reader() -> None:
    with LayerStream(io.BytesIO(gzip.compress(DATA)[:5000])) as stream, pytest.raises(CorruptData):
        while stream.read():
            pass


def test_a_reader_may_stop_early() -> None:
    before = threading.active_count()
    with LayerStream(io.BytesIO(DATA)) as stream:
        stream.read()
    assert threading.active_count() == before
