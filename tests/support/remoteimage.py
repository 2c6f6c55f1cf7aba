"""An image as a registry has it, for a server that tells it wrongly."""

from __future__ import annotations

import gzip
import json

from tests.support.archives import config, digest
from tests.support.faultregistry import Answer, Asked

MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
INDEX = "application/vnd.oci.image.index.v1+json"
_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"
_CONFIG = "application/vnd.docker.container.image.v1+json"


class RemoteImage:
    """An image in a registry that does wrong: `script` answers as a good one, but for what `wrong` says."""

    def __init__(self, *parts: bytes) -> None:
        self.blobs = {digest(data): data for data in (gzip.compress(part, 1) for part in parts)}
        self.layers = list(self.blobs)
        self.diff_ids = dict(zip(self.layers, map(digest, parts)))
        self.config = config(*parts)
        self.blobs[digest(self.config)] = self.config
        self.media_type = _LAYER
        self.wrong: dict[str, Answer] = {}

    @property
    def manifest(self) -> bytes:
        """Its manifest, Docker's schema 2."""
        document = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": {"mediaType": _CONFIG, "digest": digest(self.config), "size": len(self.config)},
            "layers": [
                {"mediaType": self.media_type, "digest": each, "size": len(self.blobs[each])} for each in self.layers
            ],
        }
        return json.dumps(document).encode()

    def script(self, asked: Asked) -> Answer:
        """Answer what was asked."""
        last = asked.path.rpartition("/")[2]
        if last in self.wrong:
            return self.wrong[last]
        if "/manifests/" in asked.path:
            return Answer(body=self.manifest, headers={"Content-Type": MANIFEST})
        data = self.blobs.get(last)
        if data is None:
            return Answer(200 if asked.path == "/v2/" else 404)
        start = int(asked.headers.get("range", "bytes=0-")[6:-1])
        told = {"Content-Range": f"bytes {start}-{len(data) - 1}/{len(data)}"} if start else {}
        return Answer(206 if start else 200, data[start:], told)
