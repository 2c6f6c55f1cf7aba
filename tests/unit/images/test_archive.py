from __future__ import annotations

import gzip
import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime_lib.errors import CorruptData, InvalidSpec
from runtime_lib.images import archive
from runtime_lib.paths import Layout
from runtime_lib.store import Store
from tests.support.archives import Layout as OciLayout
from tests.support.archives import config, digest, docker_archive, member, tar


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(Layout(str(tmp_path / "root"), str(tmp_path / "run")))
    yield opened
    opened.close()


def sources(store: Store, tmp_path: Path, data: bytes) -> list[tuple[str, tuple[str, ...]]]:
    path = tmp_path / "image.tar"
    path.write_bytes(data)
    return archive.sources(store, str(path))


def test_the_images_of_a_docker_archive_are_told(store: Store, tmp_path: Path) -> None:
    data = docker_archive(["web", "web:2"], b"1", b"2")
    expected = [(digest(config(b"1", b"2")), ("web:latest", "web:2"))]
    assert sources(store, tmp_path, data) == expected
    assert sources(store, tmp_path, gzip.compress(data)) == expected


def test_an_archive_may_come_from_a_pipe(store: Store, tmp_path: Path) -> None:
    data = docker_archive(["web"], b"1")
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_bytes, args=(data,))
    writer.start()
    assert archive.sources(store, str(path)) == [(digest(config(b"1")), ("web:latest",))]
    writer.join()


def test_an_image_without_names_is_told(store: Store, tmp_path: Path) -> None:
    assert sources(store, tmp_path, docker_archive(None, b"1")) == [(digest(config(b"1")), ())]


def test_the_images_of_a_layout_are_told(store: Store, tmp_path: Path) -> None:
    layout = OciLayout(tmp_path / "oci")
    image_id = layout.image(b"1", name="web:1")
    assert archive.sources(store, str(layout.folder)) == [(image_id, ("web:1",))]


@pytest.mark.parametrize(
    "manifest",
    [
        {},
        [5],
        [{}],
        [{"Config": 5}],
        [{"Config": "missing.json"}],
        [{"Config": "../c.json", "Layers": []}],
        [{"Config": "c.json", "RepoTags": "web"}],
        [{"Config": "c.json", "RepoTags": ["Not A Name"]}],
        [{"Config": "c.json", "RepoTags": ["web@sha256:" + "0" * 64]}],
        [{"Config": "c.json", "Layers": [5]}],
    ],
)
def test_a_damaged_manifest_is_refused(store: Store, tmp_path: Path, manifest: object) -> None:
    data = tar(member("manifest.json", json.dumps(manifest).encode()), member("c.json", config()))
    with pytest.raises(CorruptData):
        sources(store, tmp_path, data)


@pytest.mark.parametrize(
    "document", [b"{}", b"[]", config(b"1", b"2"), config(b"1", os="windows"), config(b"1", config={"Cmd": 5})]
)
def test_a_configuration_that_does_not_fit_is_refused(store: Store, tmp_path: Path, document: bytes) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(docker_archive(["web"], b"1", document=document))
    with pytest.raises(CorruptData):
        archive.load(store, str(path))


@pytest.mark.parametrize("data", [tar(member("etc/passwd", b"x")), bytes(1024)])
def test_what_is_no_image_archive_is_told(store: Store, tmp_path: Path, data: bytes) -> None:
    with pytest.raises(InvalidSpec, match="not an image archive"):
        sources(store, tmp_path, data)


@pytest.mark.parametrize("data", [b"", b"hello" * 500, gzip.compress(b"hello" * 500), gzip.compress(bytes(9999))[:-9]])
def test_what_is_no_archive_at_all_is_refused(store: Store, tmp_path: Path, data: bytes) -> None:
    with pytest.raises(CorruptData):
        sources(store, tmp_path, data)


def test_a_missing_file_keeps_its_name(store: Store, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="missing.tar"):
        archive.load(store, str(tmp_path / "missing.tar"))
