from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime_lib.errors import ImageNotFound
from runtime_lib.images import create
from runtime_lib.images.selection import select
from runtime_lib.paths import Layout
from runtime_lib.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(Layout(str(tmp_path / "root"), str(tmp_path / "run")))
    for number, names in enumerate((["web:1", "web:2", "example.com/web:1"], ["web:3"], [])):
        create.image(opened, {"rootfs": {"type": "layers", "diff_ids": []}, "comment": str(number)}, [], names)
    yield opened
    opened.close()


def selected(store: Store, *refs: str) -> list[tuple[str, ...]]:
    return [one.names for one in select(store, refs)]


def test_names_mean_as_in_docker(store: Store) -> None:
    assert selected(store, "web:1") == [("web:1",)]
    assert sorted(selected(store, "web")) == [("web:1", "web:2"), ("web:3",)]
    assert selected(store, "web:3", "docker.io/library/web:2", "web:1", "web:3") == [("web:3",), ("web:1", "web:2")]
    assert selected(store, "example.com/web", "web:1") == [("example.com/web:1", "web:1")]


def test_an_id_means_the_image_without_its_names(store: Store) -> None:
    image = select(store, ["web:3"])[0].image
    for ref in (image.id, image.id[7:], image.id[7:19], image.id[:20]):
        assert selected(store, ref) == [()]
    assert selected(store, image.id, "web:3") == [("web:3",)]


@pytest.mark.parametrize("ref", ["none", "web:4", "Web", "", "f" * 64, "sha256:" + hashlib.sha256(b"").hexdigest()])
def test_what_is_not_there_is_told(store: Store, ref: str) -> None:
    with pytest.raises(ImageNotFound):
        select(store, ["web:1", ref])
