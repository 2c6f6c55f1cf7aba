from __future__ import annotations

import os
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runtime_lib.errors import CorruptData
from runtime_lib.images import members
from runtime_lib.images.members import FolderMembers, TarMembers
from tests.support.archives import member, raw_header, tar

Opened = Callable[[bytes], TarMembers]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opened]:
    descriptors = []

    def give(data: bytes) -> TarMembers:
        path = tmp_path / "a.tar"
        path.write_bytes(data)
        descriptors.append(os.open(path, os.O_RDONLY))
        return TarMembers(descriptors[-1])

    yield give
    for descriptor in descriptors:
        os.close(descriptor)


def read(part: members.Part) -> bytes:
    return b"".join(iter(lambda: part.read(1000), b""))


def test_members_are_found_by_any_spelling_of_their_name(opened: Opened) -> None:
    found = opened(tar(member("./a/b", b"x" * 5000), member("c", b"y")))
    assert read(found.open("a/b")) == b"x" * 5000
    assert read(found.open("/a/./b")) == b"x" * 5000
    assert found.has("c")
    assert not found.has("d")
    with pytest.raises(CorruptData, match="no member 'd'"):
        found.open("d")


def test_links_lead_to_other_members(opened: Opened) -> None:
    # docker save writes a layer that occurs twice as a link
    found = opened(
        tar(
            member("1/layer.tar", b"x"),
            member("2/layer.tar", kind=tarfile.SYMTYPE, linkname="../1/layer.tar"),
            member("3/layer.tar", kind=tarfile.LNKTYPE, linkname="2/layer.tar"),
        )
    )
    assert read(found.open("3/layer.tar")) == b"x"


def test_links_in_a_circle_lead_nowhere(opened: Opened) -> None:
    found = opened(
        tar(member("a", kind=tarfile.SYMTYPE, linkname="b"), member("b", kind=tarfile.SYMTYPE, linkname="a"))
    )
    assert not found.has("a")


@pytest.mark.parametrize("target", ["../../etc/passwd", "/../etc/passwd"])
def test_links_out_of_the_archive_are_refused(opened: Opened, target: str) -> None:
    with pytest.raises(CorruptData, match="leads out"):
        opened(tar(member("a", kind=tarfile.SYMTYPE, linkname=target)))


def test_an_absolute_link_is_one_in_the_archive(opened: Opened) -> None:
    found = opened(tar(member("etc/passwd", b"mine"), member("a", kind=tarfile.SYMTYPE, linkname="/etc/passwd")))
    assert read(found.open("a")) == b"mine"


def test_a_member_that_is_cut_off_is_refused(opened: Opened) -> None:
    with pytest.raises(CorruptData, match="cut off"):
        opened(tar(member("a", b"x" * 100_000))[:50_000])


def test_a_member_that_says_it_has_terabytes_is_refused(opened: Opened) -> None:
    with pytest.raises(CorruptData, match="cut off"):
        opened(raw_header(b"a", size=b"\x80" + (2**60).to_bytes(11, "big")) + bytes(1024))


def test_a_document_has_a_limit(opened: Opened) -> None:
    found = opened(tar(member("a", b" " * (5 << 20)), member("b", b"{}")))
    assert members.document(found, "b") == b"{}"
    with pytest.raises(CorruptData, match="larger than"):
        members.document(found, "a")


def test_files_of_a_folder_are_found_inside_it(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a").write_bytes(b"x")
    (tmp_path / "secret").write_bytes(b"secret")
    os.symlink(tmp_path / "secret", tmp_path / "in" / "link")
    os.mkfifo(tmp_path / "in" / "fifo")
    with FolderMembers(str(tmp_path / "in")) as found:
        assert read(found.open("a")) == b"x"
        assert not found.has("../secret")
        for name in ("link", "../secret", "fifo", "missing", "."):
            with pytest.raises(CorruptData):
                found.open(name)
