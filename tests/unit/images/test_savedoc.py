from __future__ import annotations

import json

from runtime_lib.images import digest, savedoc
from runtime_lib.images.savedoc import Saved

LAYER = "sha256:" + "1" * 64
TOP = "sha256:" + "2" * 64


def test_the_documents_of_an_image() -> None:
    config = b'{"rootfs": 1}'
    files = savedoc.documents([Saved(("web:1", "quay.io/a/web:2"), config, ((LAYER, 10240), (TOP, 1024)))])
    assert list(files)[:3] == ["oci-layout", "index.json", "manifest.json"]
    assert json.loads(files["oci-layout"]) == {"imageLayoutVersion": "1.0.0"}
    assert json.loads(files["manifest.json"]) == [
        {
            "Config": f"blobs/sha256/{digest.of(config)[7:]}",
            "RepoTags": ["web:1", "quay.io/a/web:2"],
            "Layers": ["blobs/sha256/" + "1" * 64, "blobs/sha256/" + "2" * 64],
        }
    ]
    found = json.loads(files["index.json"])["manifests"]
    assert [one["annotations"] for one in found] == [
        {"io.containerd.image.name": "docker.io/library/web:1", "org.opencontainers.image.ref.name": "1"},
        {"io.containerd.image.name": "quay.io/a/web:2", "org.opencontainers.image.ref.name": "2"},
    ]
    manifest = files[savedoc.blob(found[0]["digest"])]
    assert (found[0]["digest"], found[0]["size"]) == (digest.of(manifest), len(manifest))
    assert [part["size"] for part in json.loads(manifest)["layers"]] == [10240, 1024]
    assert json.loads(manifest)["config"]["digest"] == digest.of(config)
    assert files[savedoc.blob(digest.of(config))] == config


def test_an_image_without_names_and_equal_configurations() -> None:
    one = Saved((), b"{}", ((LAYER, 1),))
    files = savedoc.documents([one, one])
    assert json.loads(files["manifest.json"])[0]["RepoTags"] is None
    assert "annotations" not in json.loads(files["index.json"])["manifests"][0]
    assert len(files) == 5
    assert savedoc.documents([one, one]) == files
