"""Write an archive of one image of another archive, with those layers alone that its reader lacks.

The result is a docker-archive. Layers are taken as they are: what was compressed is sent compressed.
"""

from __future__ import annotations

import json

from .. import strictjson
from ..linux.writing import write_all
from . import compression, document, reference, tarheader, tarwriter
from .tarheader import Entry

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

    from .archive import Source
    from .members import Members, Part


def diff_ids(source: Source) -> list[str]:
    """Return the digests of the image's layers without compression, the lowest first. Raises CorruptData."""
    where = "the configuration of the image"
    return document.check(strictjson.parse_object(source.config, where), where)


def write(members: Members, source: Source, name: str | None, missing: Collection[str], descriptor: int) -> None:
    """Write the image, called `name`, with its layers of the diff ids `missing` to an open file."""
    found = list(zip(diff_ids(source), source.layers))
    names = [reference.new_name(name).familiar] if name else None
    entry = {"Config": "config.json", "RepoTags": names, "Layers": [f"{value[7:]}.layer" for value, _unused in found]}
    for member, data in (("manifest.json", json.dumps([entry]).encode()), ("config.json", source.config)):
        write_all(descriptor, _header(member, len(data)) + data + tarwriter.padding(len(data)))
    for diff_id, (member, _stored) in dict(found).items():
        if diff_id in missing:
            _copy(members.open(member), f"{diff_id[7:]}.layer", descriptor)
    write_all(descriptor, tarwriter.END)


def _copy(part: Part, name: str, descriptor: int) -> None:
    write_all(descriptor, _header(name, part.size))
    while True:
        data = part.read(compression.PIECE)
        if not data:
            break
        write_all(descriptor, data)
    write_all(descriptor, tarwriter.padding(part.size))


def _header(name: str, size: int) -> bytes:
    return tarwriter.header(Entry(name, tarheader.REGULAR, 0o600, size))
