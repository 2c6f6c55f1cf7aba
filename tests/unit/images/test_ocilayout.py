from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from runtime_lib.errors import CorruptData, InvalidSpec
from runtime_lib.images import ocilayout, platform
from runtime_lib.images.members import FolderMembers
from tests.support.archives import Layout, config, digest

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path / "oci")


def images(layout: Layout) -> list[ocilayout.Found]:
    with FolderMembers(str(layout.folder)) as members:
        return ocilayout.images(members)


def linux(architecture: str) -> dict[str, str]:
    return {"os": "linux", "architecture": architecture}


def test_images_are_found_with_their_names_and_layers(layout: Layout) -> None:
    layout.image(b"1", b"2", name="web:1")
    layout.image(b"3")
    first, second = images(layout)
    stored = [(f"blobs/sha256/{digest(data)[7:]}", digest(data)) for data in (b"1", b"2")]
    assert first == (("web:1",), config(b"1", b"2"), tuple(stored))
    assert second[0] == ()


def test_the_name_of_containerd_comes_first(layout: Layout) -> None:
    layout.image(b"1", name="1.25")
    layout.index["manifests"][0]["annotations"]["io.containerd.image.name"] = "docker.io/library/nginx:1.25"
    layout.write()
    assert images(layout)[0][0] == ("nginx:1.25",)


def test_a_name_that_is_none_is_left_out(layout: Layout) -> None:
    layout.image(b"1", name="Not A Name")
    assert images(layout)[0][0] == ()


def test_the_variant_for_this_host_is_chosen(layout: Layout) -> None:
    layout.image(b"other", platform=linux("other"))
    layout.image(b"mine", platform=linux(platform.architecture()))
    ((_, found, _),) = images(layout)
    assert found == config(b"mine")


def test_a_nested_index_is_followed(layout: Layout) -> None:
    layout.image(b"other", platform=linux("other"))
    layout.image(b"mine", platform=linux(platform.architecture()))
    inner, layout.index["manifests"] = layout.index["manifests"], []
    layout.add({"schemaVersion": 2, "mediaType": INDEX, "manifests": inner}, annotations={})
    ((_, found, _),) = images(layout)
    assert found == config(b"mine")


def test_images_for_other_platforms_only_are_named(layout: Layout) -> None:
    layout.image(b"other", platform=linux("other"))
    with pytest.raises(InvalidSpec, match="linux/other"):
        images(layout)


def manifest(**changes: Any) -> dict[str, Any]:
    good = {"mediaType": "x", "digest": digest(b"x"), "size": 1}
    return {"schemaVersion": 2, "mediaType": MANIFEST, "config": good, "layers": [good], **changes}


@pytest.mark.parametrize(
    "document",
    [
        manifest(manifests=[]),
        manifest(mediaType=INDEX, manifests=[]),
        manifest(mediaType="application/vnd.other"),
        manifest(layers=None),
        manifest(layers=["x"]),
        manifest(config=None),
        manifest(config={"digest": "sha256:../../../etc/passwd"}),
        manifest(layers=[{"digest": "sha256:" + "A" * 64}]),
        manifest(layers=[{"digest": "md5:" + "0" * 32}]),
        manifest(layers=[{}]),
    ],
)
def test_manifests_that_are_ambiguous_or_damaged_are_refused(layout: Layout, document: dict[str, Any]) -> None:
    layout.blob(b"x", "x")
    layout.add(document)
    with pytest.raises(CorruptData):
        images(layout)


def test_a_media_type_that_is_not_the_descriptors_is_refused(layout: Layout) -> None:
    layout.image(b"1")
    layout.index["manifests"][0]["mediaType"] = INDEX
    layout.write()
    with pytest.raises(CorruptData, match="says that it is"):
        images(layout)


def test_a_media_type_must_be_told(layout: Layout) -> None:
    document = manifest()
    del document["mediaType"]
    del layout.add(document)["mediaType"]
    layout.write()
    with pytest.raises(CorruptData, match="media type"):
        images(layout)


def test_a_blob_with_other_content_is_refused(layout: Layout) -> None:
    image_id = layout.image(b"1")
    (layout.folder / "blobs" / "sha256" / image_id[7:]).write_bytes(config(b"evil"))
    with pytest.raises(CorruptData, match="another digest"):
        images(layout)


def test_an_index_of_itself_does_not_end_in_a_loop(layout: Layout) -> None:
    inner: dict[str, Any] = {"schemaVersion": 2, "mediaType": INDEX, "manifests": []}
    for _ in range(10):
        descriptor = layout.blob(json.dumps(inner).encode(), INDEX)
        inner = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [descriptor]}
    layout.add(inner)
    with pytest.raises((CorruptData, InvalidSpec)):
        images(layout)


@pytest.mark.parametrize("index", [b"[]", b"{}", b'{"manifests": {}}', b'{"manifests": [5]}', b"no"])
def test_an_index_that_is_none_is_refused(layout: Layout, index: bytes) -> None:
    (layout.folder / "index.json").write_bytes(index)
    with pytest.raises(CorruptData):
        images(layout)
