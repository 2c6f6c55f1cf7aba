"""Tar archives, image archives and OCI layouts made by hand, for tests."""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any


def raw_header(name: bytes = b"f", kind: bytes = b"0", **fields: bytes) -> bytes:
    """Return a ustar header with any field replaced, and the checksum that belongs to it."""
    block = bytearray(tarfile.TarInfo("x").tobuf(tarfile.USTAR_FORMAT))
    places = {"mode": 100, "uid": 108, "gid": 116, "size": 124, "mtime": 136, "link": 157, "magic": 257, "prefix": 345}
    block[0:100] = name.ljust(100, b"\0")
    block[156:157] = kind
    for key, value in fields.items():
        place = places[key]
        block[place : place + len(value)] = value
    return seal(bytes(block))


def seal(block: bytes) -> bytes:
    """Return a header block with the right checksum."""
    total = sum(block[:148]) + 8 * 32 + sum(block[156:])
    return block[:148] + b"%06o\0 " % total + block[156:]


def block(data: bytes) -> bytes:
    """Return data, filled up to a full block."""
    return data + bytes(-len(data) % 512)


def member(name: str, data: bytes = b"", kind: bytes = tarfile.REGTYPE, **values: Any) -> tuple[tarfile.TarInfo, bytes]:
    """Return a member for `tar`; `values` are attributes of TarInfo."""
    info = tarfile.TarInfo(name)
    info.type = kind
    info.size = len(data)
    for key, value in values.items():
        setattr(info, key, value)
    return info, data


def tar(*members: tuple[tarfile.TarInfo, bytes], form: int = tarfile.PAX_FORMAT) -> bytes:
    """Return a tar archive."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=form) as archive:
        for info, data in members:
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def pieces(data: bytes, size: int = 700) -> Iterator[bytes]:
    """Yield data in odd pieces."""
    for start in range(0, len(data), size):
        yield data[start : start + size]


def digest(data: bytes) -> str:
    """Return the digest of some bytes."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def config(*layers: bytes, **more: Any) -> bytes:
    """Return an image configuration for layers given as uncompressed tars."""
    rootfs = {"type": "layers", "diff_ids": [digest(layer) for layer in layers]}
    return json.dumps({"architecture": "amd64", "os": "linux", "config": {}, "rootfs": rootfs, **more}).encode()


def docker_archive(names: list[str] | None, *layers: bytes, document: bytes | None = None) -> bytes:
    """Return a docker-archive with one image."""
    files = [member(f"layer{number}/layer.tar", layer) for number, layer in enumerate(layers)]
    manifest = [
        {"Config": "c.json", "RepoTags": names, "Layers": [f"layer{number}/layer.tar" for number in range(len(layers))]}
    ]
    files.append(member("c.json", document if document is not None else config(*layers)))
    files.append(member("manifest.json", json.dumps(manifest).encode()))
    return tar(*files)


class Layout:
    """An OCI layout in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        os.makedirs(folder / "blobs" / "sha256")
        (folder / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}')
        self.index: dict[str, Any] = {"schemaVersion": 2, "manifests": []}
        self.write()

    def write(self) -> None:
        """Write index.json."""
        (self.folder / "index.json").write_text(json.dumps(self.index))

    def blob(self, data: bytes, media_type: str, **more: Any) -> dict[str, Any]:
        """Store a blob and return its descriptor."""
        name = digest(data)
        (self.folder / "blobs" / "sha256" / name[7:]).write_bytes(data)
        return {"mediaType": media_type, "digest": name, "size": len(data), **more}

    def image(self, *layers: bytes, stored: list[bytes] | None = None, name: str | None = None, **more: Any) -> str:
        """Add an image and return the digest of its configuration; `stored` are its layers as they are kept."""
        document = config(*layers)
        manifest = {
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": self.blob(document, "application/vnd.oci.image.config.v1+json"),
            "layers": [
                self.blob(layer, "application/vnd.oci.image.layer.v1.tar+gzip") for layer in stored or list(layers)
            ],
        }
        annotations = {"org.opencontainers.image.ref.name": name} if name else {}
        self.add(manifest, annotations=annotations, **more)
        return digest(document)

    def add(self, document: dict[str, Any], **more: Any) -> dict[str, Any]:
        """Add any manifest to the index."""
        media_type = document.get("mediaType", "application/vnd.oci.image.manifest.v1+json")
        descriptor = self.blob(json.dumps(document).encode(), media_type, **more)
        self.index["manifests"].append(descriptor)
        self.write()
        return descriptor
