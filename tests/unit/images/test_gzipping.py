"""Layers compressed with gzip: any reader gets the same bytes back, and what is dense costs next to nothing more."""

from __future__ import annotations

import gzip
import hashlib
import random

import pytest

from runtime_lib.images import gzipping

NOISE = random.Random(1)
DENSE = NOISE.randbytes(3 << 20)
TEXT = b"".join(b"line %d of a text\n" % number for number in range(150_000))
NUMBERS = b"".join(NOISE.randrange(10**6).to_bytes(4, "little") for _unused in range(1 << 18))


def packed(data: bytes, piece: int = 70_000) -> bytes:
    found = gzipping.Gzip(data[start : start + piece] for start in range(0, len(data), piece))
    result = b"".join(found.pieces())
    assert found.plain == f"sha256:{hashlib.sha256(data).hexdigest()}"
    assert found.digest == f"sha256:{hashlib.sha256(result).hexdigest()}"
    assert found.size == len(result)
    return result


@pytest.mark.parametrize("size", [0, 1, 4095, 4096, 4097, 65535, 65536, 1 << 20, (1 << 20) + 1, 3 << 20])
@pytest.mark.parametrize("content", [DENSE, TEXT], ids=["dense", "text"])
def test_any_size_comes_back(content: bytes, size: int) -> None:
    assert gzip.decompress(packed(content[:size])) == content[:size]


def test_runs_of_both_kinds_come_back() -> None:
    choice = random.Random(2)
    for _unused in range(20):
        cuts = [(choice.choice((DENSE, TEXT)), choice.randrange(1 << 20), choice.randrange(200_000)) for _ in range(9)]
        data = b"".join(content[start : start + size] for content, start, size in cuts)
        assert gzip.decompress(packed(data)) == data


def test_a_text_after_dense_data_refers_to_nothing_before_it() -> None:
    data = TEXT[:40_000] + DENSE[:100_000] + TEXT[:40_000] + DENSE[:8192] + TEXT[:40_000]
    assert gzip.decompress(packed(data)) == data


def test_the_pieces_it_is_given_do_not_matter() -> None:
    assert packed(TEXT + DENSE + TEXT, 1000) == packed(TEXT + DENSE + TEXT, 1 << 21)


def test_dense_data_is_stored() -> None:
    assert len(packed(DENSE)) < len(DENSE) * 1.001


@pytest.mark.parametrize("content", [TEXT, NUMBERS], ids=["text", "numbers"])
def test_what_can_be_made_smaller_is_nearly_as_small_as_zlib_makes_it(content: bytes) -> None:
    assert len(packed(content)) < len(gzip.compress(content, 4)) * 1.01
