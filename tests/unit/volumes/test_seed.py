"""What a new volume takes over from an image, as far as that needs no root."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime_lib.linux.saferoot import SafeRoot
from runtime_lib.volumes.seed import copy_up, fill


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "image"
    (path / "srv" / "web" / "deep").mkdir(parents=True)
    return path


@pytest.fixture
def root(image: Path) -> Iterator[SafeRoot]:
    with SafeRoot.at(str(image)) as opened:
        yield opened


@pytest.fixture
def volume(tmp_path: Path) -> Path:
    path = tmp_path / "volume" / "_data"
    path.mkdir(parents=True)
    return path


def test_everything_in_a_folder(image: Path, root: SafeRoot, volume: Path) -> None:
    web = image / "srv" / "web"
    (web / "index.html").write_text("hello")
    (web / "index.html").chmod(0o640)
    os.link(web / "index.html", web / "deep" / "second")
    os.setxattr(web / "index.html", "user.colour", b"blue")
    (web / "link").symlink_to("/etc/shadow")
    os.mkfifo(web / "pipe")
    (web / "pipe").chmod(0o620)
    os.utime(web / "index.html", ns=(1, 1_600_000_000_123_456_789))
    os.utime(web / "deep", ns=(1, 1_500_000_000_000_000_001))
    web.chmod(0o2750)
    assert copy_up(root, "/srv/web", str(volume))
    copy = volume / "index.html"
    assert copy.read_text() == "hello"
    assert copy.stat().st_mode == 0o100640
    assert copy.stat().st_mtime_ns == 1_600_000_000_123_456_789
    assert os.getxattr(copy, "user.colour") == b"blue"
    assert (volume / "deep" / "second").stat().st_ino == copy.stat().st_ino
    assert (volume / "deep").stat().st_mtime_ns == 1_500_000_000_000_000_001
    assert os.readlink(volume / "link") == "/etc/shadow"
    assert (volume / "pipe").is_fifo()
    assert (volume / "pipe").stat().st_mode & 0o777 == 0o620
    assert volume.stat().st_mode & 0o7777 == 0o2750
    assert sorted(path.name for path in volume.parent.iterdir()) == ["_data"]


def test_an_empty_folder_gives_its_mode(image: Path, root: SafeRoot, volume: Path) -> None:
    (image / "srv" / "web" / "deep").chmod(0o711)
    assert copy_up(root, "/srv/web/deep", str(volume))
    assert volume.stat().st_mode & 0o7777 == 0o711


def test_a_volume_that_holds_something_stays(image: Path, root: SafeRoot, volume: Path) -> None:
    (volume / "mine").write_text("x")
    assert not copy_up(root, "/srv/web", str(volume))
    assert os.listdir(volume) == ["mine"]


@pytest.mark.parametrize("path", ["/nowhere", "/srv/file", "/srv/file/x"])
def test_nothing_to_take_over(image: Path, root: SafeRoot, volume: Path, path: str) -> None:
    (image / "srv" / "file").write_text("x")
    assert not copy_up(root, path, str(volume))
    assert os.listdir(volume) == []


@pytest.mark.parametrize("target", ["/", "../../../../..", "/etc"])
def test_a_link_in_the_image_stays_inside_the_image(image: Path, root: SafeRoot, volume: Path, target: str) -> None:
    (image / "etc").mkdir()
    (image / "etc" / "mark").write_text("the image's own")
    (image / "link").symlink_to(target)
    assert copy_up(root, "/link", str(volume))
    assert (volume / "etc" / "mark").exists() or (volume / "mark").exists()


def test_what_a_killed_copy_left_is_no_obstacle(image: Path, root: SafeRoot, volume: Path) -> None:
    (volume.parent / "_seed").mkdir()
    (volume.parent / "_seed" / "half").write_text("x")
    (image / "srv" / "web" / "whole").write_text("x")
    assert copy_up(root, "/srv/web", str(volume))
    assert sorted(os.listdir(volume)) == ["deep", "whole"]


def test_holes_stay_holes(image: Path, root: SafeRoot, volume: Path) -> None:
    path = image / "srv" / "web" / "sparse"
    with path.open("wb") as file:
        file.seek(5_000_000)
        file.write(b"middle")
        file.truncate(20_000_000)
    assert copy_up(root, "/srv/web", str(volume))
    assert (volume / "sparse").read_bytes() == path.read_bytes()
    assert (volume / "sparse").stat().st_blocks <= path.stat().st_blocks + 16


def test_no_descriptor_is_left_open(image: Path, root: SafeRoot, volume: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    copy_up(root, "/srv/web", str(volume))
    assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.parametrize("left", ["nothing", "half a copy", "a whole copy", "half of it in place"])
def test_where_something_is_mounted(image: Path, root: SafeRoot, volume: Path, left: str) -> None:
    """The folder itself cannot be exchanged; what calls have left that were killed is finished."""
    web = image / "srv" / "web"
    (web / "index.html").write_text("hello")
    web.chmod(0o750)
    inode = volume.stat().st_ino
    if left == "half a copy":
        (volume / ".skiff-seed").mkdir()
        (volume / ".skiff-seed" / "other").touch()
    elif left != "nothing":
        (volume / ".skiff-seeded" / "deep").mkdir(parents=True)
        (volume / ".skiff-seeded").chmod(0o750)
        place = volume if "half" in left else volume / ".skiff-seeded"
        (place / "index.html").write_text("hello")
    assert fill(root, "/srv/web", str(volume))
    assert sorted(os.listdir(volume)) == ["deep", "index.html"]
    assert (volume / "index.html").read_text() == "hello"
    assert (volume.stat().st_mode & 0o777, volume.stat().st_ino) == (0o750, inode)
    (volume / "deep").rmdir()
    assert not fill(root, "/srv/web", str(volume))
    assert os.listdir(volume) == ["index.html"]
