"""An image becomes a folder with an OCI layout, wholly or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime_lib.errors import CorruptData, InvalidSpec
from runtime_lib.images import archive, layers, layoutfolder
from runtime_lib.images.selection import select
from runtime_lib.paths import Layout
from runtime_lib.store import Store
from tests.support.archives import docker_archive, member, tar

pytestmark = pytest.mark.root


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(Layout(str(tmp_path / "root"), str(tmp_path / "run")))
    for name in ("a:1", "b:1"):
        (tmp_path / "a.tar").write_bytes(docker_archive([name], tar(member("f", name.encode() * 100_000))))
        archive.load(opened, str(tmp_path / "a.tar"))
    yield opened
    opened.close()


def names(store: Store, path: Path) -> list[str]:
    return [name for _id, own in archive.sources(store, str(path)) for name in own]


def test_a_folder_is_replaced_as_a_whole(store: Store, tmp_path: Path) -> None:
    place = tmp_path / "place"
    place.mkdir()
    target = place / "layout"
    for refs in (["a:1", "b:1"], ["b:1"]):
        layoutfolder.replace(store, select(store, refs), str(target))
        assert names(store, target) == refs
        assert len(os.listdir(target / "blobs" / "sha256")) == 3 * len(refs)
        assert os.listdir(place) == ["layout"]
    assert target.stat().st_mode & 0o777 == 0o700
    target.chmod(0o755)
    (place / "link").symlink_to("layout")
    layoutfolder.replace(store, select(store, ["a:1"]), str(place / "link"))
    assert (place / "link").is_symlink()
    assert target.stat().st_mode & 0o777 == 0o755
    assert names(store, target) == ["a:1"]


def test_what_is_something_else_stays(store: Store, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").write_text("precious")
    (tmp_path / "file").write_text("precious")
    for path, said in (("full", "holds something else"), ("file", "it is no folder"), ("no/x", "does not exist")):
        with pytest.raises(InvalidSpec, match=said):
            layoutfolder.replace(store, select(store, ["a:1"]), str(tmp_path / path))
    assert (tmp_path / "full" / "mine").read_text() == "precious"


def test_a_damaged_layer_leaves_the_old_folder(store: Store, tmp_path: Path) -> None:
    place = tmp_path / "place"
    place.mkdir()
    layoutfolder.replace(store, select(store, ["b:1"]), str(place / "layout"))
    (image,) = [one.image for one in select(store, ["a:1"])]
    Path(layers.folders(store, image.layers)[0], "f").write_bytes(b"x" * 300_000)
    with pytest.raises(CorruptData):
        layoutfolder.replace(store, select(store, ["a:1"]), str(place / "layout"))
    assert names(store, place / "layout") == ["b:1"]
    assert os.listdir(place) == ["layout"]
    assert os.listdir(store.layout.temporary) == []
