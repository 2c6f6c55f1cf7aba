from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime_lib.errors import CorruptData
from runtime_lib.images import tarheader
from tests.support.archives import raw_header, seal


def test_a_plain_header_is_read() -> None:
    entry = tarheader.parse(
        raw_header(b"a/b", mode=b"0104755\0", uid=b"0001750\0", size=b"00000000012\0", mtime=b"14371573400\0")
    )
    assert (entry.name, entry.kind, entry.mode, entry.uid, entry.size) == ("a/b", b"0", 0o4755, 1000, 10)
    assert entry.mtime == 0o14371573400 * 1_000_000_000


def test_the_prefix_of_ustar_comes_before_the_name() -> None:
    assert tarheader.parse(raw_header(b"name", prefix=b"very/long")).name == "very/long/name"
    assert tarheader.parse(raw_header(b"name", prefix=b"very/long", magic=b"ustar  \0")).name == "name"


@pytest.mark.parametrize(("name", "kind"), [(b"folder/", b"5"), (b"file", b"0")])
def test_archives_of_the_seventh_edition_mark_folders_by_a_slash(name: bytes, kind: bytes) -> None:
    assert tarheader.parse(raw_header(name, b"\0")).kind == kind


def test_links_have_no_data_whatever_their_size_says() -> None:
    assert tarheader.parse(raw_header(b"l", b"1", size=b"00000000012\0", link=b"f")).stored == 0


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (b"0000644\0", 0o644),
        (b"   644 \0", 0o644),
        (b"644\0junk", 0o644),
        (b"\0" * 8, 0),
        (b" " * 8, 0),
        (b"\x80" + (2**40).to_bytes(11, "big"), 2**40),
        (b"\x80" + bytes(3) + b"\xff" * 4, 0xFFFFFFFF),
    ],
)
def test_numbers_are_octal_or_base_256(field: bytes, value: int) -> None:
    assert tarheader.number(field, "size") == value


@pytest.mark.parametrize(
    "field",
    [b"-0000001", b"+0000001", b"0000_644", b"00000009", b"0x000012", b"\xff" * 12, b"\x80" + b"\xff" * 11, b"1 2\0"],
)
def test_what_is_no_number_is_refused(field: bytes) -> None:
    with pytest.raises(CorruptData, match="size is"):
        tarheader.number(field, "size")


def test_a_time_before_1970_is_negative() -> None:
    assert tarheader.number(b"\xff" * 12, "mtime", True) == -1


def test_a_wrong_checksum_is_refused() -> None:
    block = raw_header()
    with pytest.raises(CorruptData, match="checksum"):
        tarheader.parse(b"X" + block[1:])


@given(st.binary(min_size=512, max_size=512))
def test_any_block_is_read_or_refused(data: bytes) -> None:
    for candidate in (data, seal(data)):
        try:
            entry = tarheader.parse(candidate)
        except CorruptData:
            continue
        assert entry.size >= 0
        assert entry.uid >= 0
        assert "\0" not in entry.name + entry.link


@pytest.mark.parametrize(
    "data",
    [b"x", b" 5 a=b\n", b"0 a=b\n", b"6 a=b", b"99 a=b\n", b"6 ab \n", b"3 a=b\n", b"-6 a=b\n", b"6_0 a=b\n", b"2 \n"],
)
def test_damaged_pax_records_are_refused(data: bytes) -> None:
    with pytest.raises(CorruptData):
        tarheader.records(data)


def test_pax_records_may_hold_line_ends_and_equals_signs() -> None:
    assert tarheader.records(b"12 k=a=\nb\n\n\n") == [(b"k", b"a=\nb\n\n")]


@given(st.binary(max_size=200))
def test_any_pax_data_is_read_or_refused(data: bytes) -> None:
    try:
        tarheader.records(data)
    except CorruptData:
        return


def test_pax_records_overrule_the_header() -> None:
    entry = tarheader.parse(raw_header())
    tarheader.apply(
        entry,
        [
            (b"path", "ä".encode()),
            (b"uid", b"4294967290"),
            (b"mtime", b"1.000000002"),
            (b"SCHILY.xattr.user.x", b"\0\xff"),
            (b"gid", b""),
            (b"comment", b"nothing of ours"),
        ],
    )
    assert (entry.name, entry.uid, entry.gid, entry.mtime) == ("ä", 4294967290, 0, 1_000_000_002)
    assert entry.xattrs == {"user.x": b"\0\xff"}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (b"size", b"-1"),
        (b"size", b"9" * 30),
        (b"uid", b"1.5"),
        (b"mtime", b"1e9"),
        (b"mtime", b"1.x"),
        (b"mtime", b"--1"),
    ]
    + [(b"path", b"a\0b"), (b"linkpath", b"\0"), (b"SCHILY.xattr.user.\0", b"")],
)
def test_hostile_pax_values_are_refused(key: bytes, value: bytes) -> None:
    with pytest.raises(CorruptData):
        tarheader.apply(tarheader.parse(raw_header()), [(key, value)])


def test_a_negative_pax_time_is_read() -> None:
    entry = tarheader.parse(raw_header())
    tarheader.apply(entry, [(b"mtime", b"-1.25")])
    assert entry.mtime == -1_250_000_000
