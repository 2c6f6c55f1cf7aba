from __future__ import annotations

import io
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime_lib.images import tarheader, tarwriter
from runtime_lib.images.tarheader import Entry
from runtime_lib.images.tarreader import TarReader


def reread(entry: Entry) -> Entry:
    data = iter([tarwriter.header(entry) + tarwriter.END])
    return next(iter(TarReader(lambda: next(data, b""))))


def make(name: str, kind: bytes = tarheader.REGULAR, **values: object) -> Entry:
    entry = Entry(name, kind, 0o4755)
    for key, value in values.items():
        setattr(entry, key, value)
    return entry


def same(first: Entry, second: Entry) -> bool:
    return all(getattr(first, key) == getattr(second, key) for key in Entry.__slots__ if key != "stored")


@pytest.mark.parametrize(
    "entry",
    [
        make("a/b"),
        make("n" * 300),
        make("ä\udcff"),
        make("f", uid=70000, gid=4294967294, mtime=1_600_000_000_123_456_789),
        make("f", mtime=-1_500_000_000),
        make("f", mtime=-1),
        make("l", tarheader.SYMLINK, link="t" * 200),
        make("c", tarheader.CHARACTER, major=1, minor=3),
        make("f", xattrs={"user.x": b"\0=\n\xff", "security.capability": b""}),
    ],
)
def test_what_is_written_is_read_again(entry: Entry) -> None:
    assert same(reread(entry), entry)


@pytest.mark.parametrize("size", [8**11 - 1, 8**11, 2**40])
def test_sizes_above_eight_gigabytes_are_written(size: int) -> None:
    header = tarwriter.header(make("f", size=size))
    info = tarfile.TarFile(fileobj=io.BytesIO(header + tarwriter.END)).next()
    assert info is not None
    assert info.size == size


def test_a_header_of_plain_values_is_one_block_that_python_reads() -> None:
    header = tarwriter.header(make("a", uid=1, gid=2, mtime=3 * 10**9))
    assert len(header) == 512
    info = tarfile.TarInfo.frombuf(header, "utf-8", "strict")
    assert (info.name, info.mode, info.uid, info.gid, info.mtime) == ("a", 0o4755, 1, 2, 3)


@given(
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=400),
    st.integers(-(10**19), 10**19),
)
def test_any_name_and_time_survives(name: str, mtime: int) -> None:
    entry = make(name, mtime=mtime)
    assert same(reread(entry), entry)


@given(st.binary(max_size=1100))
def test_records_count_their_own_length(value: bytes) -> None:
    assert tarheader.records(tarwriter._record(b"k", value)) == [(b"k", value)]
