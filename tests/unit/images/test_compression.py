from __future__ import annotations

import bz2
import gzip
import lzma
import os
import shutil
import subprocess
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime_lib.errors import CorruptData, HostLacks
from runtime_lib.images import compression
from tests.support.archives import pieces

Compress = Callable[[bytes], bytes]

DATA = os.urandom(70_000) + bytes(3_000_000)
needs_zstd = pytest.mark.skipif(not shutil.which("zstd"), reason="needs the zstd command")


def zstd(data: bytes) -> bytes:
    return subprocess.run(["zstd", "-qc"], input=data, stdout=subprocess.PIPE, check=True).stdout


FORMATS = [
    pytest.param(gzip.compress, id="gzip"),
    pytest.param(bz2.compress, id="bzip2"),
    pytest.param(lzma.compress, id="xz"),
    pytest.param(zstd, id="zstd", marks=needs_zstd),
]


def read(data: bytes, size: int = 10_000) -> list[bytes]:
    left = pieces(data, size)
    with compression.opened(lambda: next(left, b"")) as found:
        return list(found)


def test_plain_data_stays_as_it_is() -> None:
    assert b"".join(read(DATA)) == DATA
    assert read(b"") == []


@pytest.mark.parametrize("compress", FORMATS)
def test_data_is_decompressed_in_pieces_of_limited_size(compress: Compress) -> None:
    data = compress(DATA)
    assert compression.compressed(data)
    found = read(data)
    assert b"".join(found) == DATA
    assert max(map(len, found)) <= compression.PIECE


@pytest.mark.parametrize("compress", FORMATS)
def test_several_members_are_one_stream(compress: Compress) -> None:
    assert b"".join(read(compress(DATA) + compress(b"end"), 100_000)) == DATA + b"end"


@pytest.mark.parametrize("compress", FORMATS)
def test_data_that_was_cut_off_is_refused(compress: Compress) -> None:
    data = compress(DATA)
    with pytest.raises(CorruptData):
        read(data[: len(data) // 2])


@pytest.mark.parametrize("compress", FORMATS)
def test_damaged_data_is_refused(compress: Compress) -> None:
    data = bytearray(compress(DATA))
    for place in range(20_000, 20_100):
        data[place] ^= 0xFF
    with pytest.raises(CorruptData):
        read(bytes(data))


def test_zeros_behind_gzip_are_padding_and_garbage_is_not() -> None:
    assert b"".join(read(gzip.compress(b"x") + bytes(100))) == b"x"
    with pytest.raises(CorruptData):
        read(gzip.compress(b"x") + b"garbage")


def test_a_reader_that_stops_early_leaves_nothing_behind() -> None:
    left = pieces(gzip.compress(DATA))
    with compression.opened(lambda: next(left, b"")) as found:
        next(found)


@needs_zstd
def test_a_reader_that_stops_early_ends_zstd() -> None:
    data = zstd(os.urandom(3_000_000))
    left = pieces(data)
    with compression.opened(lambda: next(left, b"")) as found:
        next(found)
    assert next(left, b"")


@needs_zstd
def test_a_failure_of_the_source_reaches_the_reader_of_zstd() -> None:
    left = pieces(zstd(DATA), 100)

    def broken() -> bytes:
        data = next(left)
        if len(data) < 100:
            raise OSError(5, "the disk is broken")
        return data

    with compression.opened(broken) as found, pytest.raises((OSError, CorruptData)):
        list(found)


def test_without_zstd_the_sentence_names_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compression, "_ZSTD_FOLDERS", ())
    with pytest.raises(HostLacks, match="install the package zstd"):
        read(b"\x28\xb5\x2f\xfd" + bytes(100))


@settings(max_examples=50)
@given(st.sampled_from([b"\x1f\x8b\x08", b"BZh9", b"\xfd7zXZ\0"]), st.binary(max_size=300))
def test_any_bytes_are_decompressed_or_refused(magic: bytes, data: bytes) -> None:
    try:
        read(magic + data)
    except CorruptData:
        return
