from __future__ import annotations

import io
import tarfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime_lib.errors import CorruptData
from runtime_lib.images import tarheader
from runtime_lib.images.tarreader import TarReader
from tests.support.archives import block, member, pieces, raw_header, tar

END = bytes(1024)


def reader(data: bytes, size: int = 700) -> TarReader:
    left = pieces(data, size)
    return TarReader(lambda: next(left, b""))


def content(data: bytes, size: int = 700) -> list[tuple[str, bytes]]:
    found = reader(data, size)
    return [(entry.name, b"".join(found.data())) for entry in found]


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
@pytest.mark.parametrize("size", [1, 511, 512, 513, 100_000])
def test_archives_of_all_formats_are_read_in_any_pieces(form: int, size: int) -> None:
    name = "d" * 90 + "/" + "e" * 60
    data = tar(member("a", b"x" * 1000), member(name, b"yz"), member("empty"), form=form)
    assert content(data, size) == [("a", b"x" * 1000), (name, b"yz"), ("empty", b"")]


@pytest.mark.parametrize("form", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_long_names_and_link_targets_are_read(form: int) -> None:
    data = tar(member("n" * 300, kind=tarfile.SYMTYPE, linkname="l" * 300), form=form)
    (entry,) = list(reader(data))
    assert (entry.name, entry.link, entry.kind) == ("n" * 300, "l" * 300, tarheader.SYMLINK)


def test_an_extension_holds_for_one_member_only() -> None:
    data = tar(member("n" * 300), member("short"))
    assert [name for name, _ in content(data)] == ["n" * 300, "short"]


def test_a_global_header_holds_for_all_members() -> None:
    records = b"12 uid=4711\n"
    data = raw_header(b"g", b"g", size=b"%011o\0" % len(records)) + block(records) + raw_header(b"a") + raw_header(b"b")
    assert [entry.uid for entry in reader(data + END)] == [4711, 4711]


def test_data_that_is_not_taken_is_skipped() -> None:
    data = tar(member("a", b"x" * 5000), member("b", b"y"))
    assert [entry.name for entry in reader(data)] == ["a", "b"]


def test_the_end_may_lack_its_zero_blocks() -> None:
    data = tar(member("a", b"x"))[:1024]
    assert content(data) == [("a", b"x")]


def test_everything_behind_the_end_is_read_for_the_digest() -> None:
    left = pieces(tar(member("a")) + b"behind" * 1000)
    assert [entry.name for entry in TarReader(lambda: next(left, b""))] == ["a"]
    assert next(left, b"") == b""


@pytest.mark.parametrize("cut", [1, 100, 513, 700, 1535])
def test_an_archive_that_was_cut_off_is_refused(cut: int) -> None:
    with pytest.raises(CorruptData, match="cut off"):
        content(tar(member("a", b"x" * 1000))[:cut])


def test_an_empty_archive_is_refused() -> None:
    with pytest.raises(CorruptData, match="empty"):
        content(b"")


def test_an_archive_without_members_is_fine() -> None:
    assert content(bytes(10240)) == []


@pytest.mark.parametrize("kind", [b"x", b"g", b"L", b"K"])
def test_an_extension_of_gigabytes_is_refused(kind: bytes) -> None:
    with pytest.raises(CorruptData, match="extended header"):
        content(raw_header(b"x", kind, size=b"77777777777\0"))


def test_seeking_passes_by_the_data() -> None:
    data = tar(member("a", b"x" * 100_000), member("b", b"yz"), member("c"))
    file = io.BytesIO(data)
    taken: list[int] = []

    def read() -> bytes:
        taken.append(1)
        return file.read(1024)

    found = TarReader(read, lambda count: file.seek(count, io.SEEK_CUR))
    places = {entry.name: (found.position, entry.size) for entry in found}
    start, size = places["b"]
    assert data[start : start + size] == b"yz"
    assert list(places) == ["a", "b", "c"]
    assert len(taken) < 10


@settings(max_examples=50)
@given(st.binary(max_size=3000))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        content(data)
    except CorruptData:
        return


@settings(max_examples=100)
@given(st.integers(0, 3000), st.integers(0, 255))
def test_any_changed_byte_is_read_or_refused(place: int, value: int) -> None:
    data = bytearray(tar(member("n" * 300, b"x" * 100), member("b", kind=tarfile.LNKTYPE, linkname="n" * 300)))
    data[place % len(data)] = value
    try:
        content(bytes(data))
    except CorruptData:
        return
