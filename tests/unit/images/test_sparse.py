from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from runtime_lib.errors import CorruptData
from runtime_lib.images.tarreader import TarReader
from tests.support.archives import block, member, pieces, raw_header, seal, tar

END = bytes(1024)


def reader(data: bytes) -> TarReader:
    left = pieces(data)
    return TarReader(lambda: next(left, b""))


def expand(data: bytes) -> tuple[str, bytes]:
    """Return the name and the whole content of the one member."""
    found = reader(data)
    for entry in found:
        content = bytearray(entry.size)
        for offset, length in entry.sparse if entry.sparse is not None else [(0, entry.size)]:
            content[offset : offset + length] = found.content(length)
        name = entry.name
    return name, bytes(content)


@pytest.fixture
def holes(tmp_path: Path) -> Path:
    path = tmp_path / "holes"
    with open(path, "wb") as file:
        for number in range(60):  # more pieces than one header of the old format holds
            file.seek(number * 65536)
            file.write(b"%d" % number * 10)
        file.truncate(5_000_000)
    return path


@pytest.mark.parametrize(
    "options",
    [
        ["--format=gnu"],
        ["--format=oldgnu"],
        ["--format=pax", "--sparse-version=0.0"],
        ["--format=pax", "--sparse-version=0.1"],
        ["--format=pax", "--sparse-version=1.0"],
    ],
)
def test_gnu_tars_sparse_files_are_read(holes: Path, options: list[str]) -> None:
    command = ["tar", "-C", str(holes.parent), "-S", *options, "-cf", "-", "holes"]
    data = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout
    if os.stat(holes).st_blocks * 512 < 4_000_000:
        assert len(data) < 1_000_000  # it really is a sparse archive
    assert expand(data) == ("holes", holes.read_bytes())


def pax(stored: bytes = b"x" * 512, **records: str) -> bytes:
    headers = {f"GNU.sparse.{key}": value for key, value in records.items()}
    return tar(member("f", stored, pax_headers=headers))


@pytest.mark.parametrize(
    "data",
    [
        pax(map="0,512", size="100"),  # beyond the end
        pax(map="512,512,0,0", size="2000"),  # backwards
        pax(map="0,300,200,212", size="2000"),  # overlapping
        pax(map="0,100", size="2000"),  # less than is stored
        pax(map="0,1024", size="2000"),  # more than is stored
        pax(map="0", size="2000"),
        pax(map="a,b", size="2000"),
        pax(map="0,-512", size="2000"),
        pax(map="0,512", size="-1"),
        pax(map="0,512"),
        pax(map=",".join("0" for _ in range(200_000)), size="2000"),
        pax(major="1", minor="0", realsize="2000", stored=b"99999999999\n".ljust(512, b"\0")),
        pax(major="1", minor="0", realsize="2000", stored=b"-1\n".ljust(512, b"\0")),
        pax(major="1", minor="0", realsize="2000", stored=b"x" * 512),
        pax(major="1", minor="0", realsize="2000", stored=b"2\n0\n".ljust(512, b"5")),
        pax(major="1", minor="0", realsize="9" * 19, stored=b"0\n".ljust(512, b"\0") + b"rest"),
    ],
)
def test_maps_that_make_no_sense_are_refused(data: bytes) -> None:
    with pytest.raises(CorruptData):
        expand(data)


def old_gnu(structs: bytes, real: bytes, data: bytes, more: bool = False) -> bytes:
    header = bytearray(raw_header(b"f", b"S", size=b"%011o\0" % len(data), magic=b"ustar  \0"))
    header[386 : 386 + len(structs)] = structs
    header[482] = more
    header[483:495] = real
    return seal(bytes(header)) + block(data) + END


def test_an_old_map_is_read() -> None:
    data = old_gnu(b"00000000004\0" + b"00000000002\0", b"00000000010\0", b"ab")
    assert expand(data) == ("f", b"\0\0\0\0ab\0\0")


@pytest.mark.parametrize(
    ("structs", "real"),
    [
        (b"00000000004\0" + b"00000000002\0", b"00000000001\0"),
        (b"00000000004\0" + b"-0000000002\0", b"00000000010\0"),
        (b"\xff" * 12 + b"00000000002\0", b"00000000010\0"),
        (b"00000000004\0" + b"00000000002\0", b"\xff" * 12),
    ],
)
def test_hostile_old_maps_are_refused(structs: bytes, real: bytes) -> None:
    with pytest.raises(CorruptData):
        expand(old_gnu(structs, real, b"ab"))


def test_an_old_map_without_an_end_is_refused() -> None:
    with pytest.raises(CorruptData):
        expand(old_gnu(b"00000000004\0" + b"00000000002\0", b"00000000010\0", b"ab", more=True))
