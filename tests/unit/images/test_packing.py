from __future__ import annotations

import io
import os
import socket
import tarfile
from pathlib import Path

from runtime_lib.images import packing


def archive(folder: Path, name: str = "", contents: str = "") -> dict[str, tarfile.TarInfo]:
    return {info.name: info for info in opened(folder, name, contents).getmembers()}


def opened(folder: Path, name: str = "", contents: str = "") -> tarfile.TarFile:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        data = b"".join(packing.folder(descriptor, name, contents))
    finally:
        os.close(descriptor)
    return tarfile.open(fileobj=io.BytesIO(data))


def test_every_kind_of_member_is_there_but_sockets(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "file").write_text("text")
    os.link(tmp_path / "folder" / "file", tmp_path / "second")
    os.symlink("/etc/passwd", tmp_path / "link")
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        here = os.getcwd()
        os.chdir(tmp_path)
        try:
            listener.bind("socket")
        finally:
            os.chdir(here)
    found = archive(tmp_path)
    assert list(found) == ["folder", "folder/file", "link", "pipe", "second"]
    assert found["link"].linkname == "/etc/passwd"
    assert (found["second"].islnk(), found["second"].linkname) == (True, "folder/file")
    assert found["pipe"].isfifo()


def test_the_folder_itself_and_the_prefix_have_the_name_asked_for(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("text")
    assert list(archive(tmp_path, "new/", "new/")) == ["new", "new/file"]
    assert list(archive(tmp_path, "./", "./")) == [".", "./file"]


def test_holes_are_not_stored_and_come_back(tmp_path: Path) -> None:
    with open(tmp_path / "sparse", "wb") as file:
        file.truncate(1 << 30)
        file.seek(700_000_000)
        file.write(b"middle")
    with open(tmp_path / "hole", "wb") as file:
        file.truncate(1 << 20)
    descriptor = os.open(tmp_path, os.O_RDONLY)
    data = b"".join(packing.folder(descriptor, "", "", sparse=True))
    os.close(descriptor)
    assert len(data) < 1 << 20
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        hole, sparse = tar.getmembers()
        assert (hole.name, hole.size, sparse.name, sparse.size) == ("hole", 1 << 20, "sparse", 1 << 30)
        stream = tar.extractfile(sparse)
        assert stream
        stream.seek(699_999_999)
        assert stream.read(8) == b"\0middle\0"


def test_a_file_that_becomes_shorter_is_filled_up(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b"x" * 1_000_000)
    descriptor = os.open(tmp_path, os.O_RDONLY)
    pieces = packing.folder(descriptor, "", "")
    data = next(pieces) + next(pieces) + next(pieces)
    os.truncate(tmp_path / "log", 10)
    data += b"".join(pieces)
    os.close(descriptor)
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        (member,) = tar.getmembers()
        stream = tar.extractfile(member)
        assert stream
        assert stream.read().rstrip(b"\0").strip(b"x") == b""


def test_what_vanishes_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("1")
    (tmp_path / "b").write_text("2")
    descriptor = os.open(tmp_path, os.O_RDONLY)
    pieces = packing.folder(descriptor, "", "")
    data = next(pieces)
    (tmp_path / "b").unlink()
    data += b"".join(pieces)
    os.close(descriptor)
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        assert tar.getnames() == ["a"]


def test_one_file_under_another_name(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("text")
    descriptor = os.open(tmp_path, os.O_RDONLY)
    data = b"".join(packing.leaf(descriptor, "file", "other"))
    os.close(descriptor)
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        assert tar.getnames() == ["other"]


def test_others_get_holes_as_zeros(tmp_path: Path) -> None:
    with open(tmp_path / "hole", "wb") as file:
        file.truncate(1 << 20)
    found = archive(tmp_path)["hole"]
    assert (found.size, found.issparse()) == (1 << 20, False)
