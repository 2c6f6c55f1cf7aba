"""`skiff volume export` and `skiff volume import`, with the names and options that Podman has for them."""

from __future__ import annotations

import os

from ..errors import InvalidSpec
from . import opened, output
from .options import FLAG, TEXT, Option, Usage

_EXPORT = Usage(
    "volume export",
    "[OPTIONS] VOLUME",
    "Write a volume's content to a tar archive",
    (
        Option("compression", "", TEXT, "none, gzip or zstd (default none)"),
        Option("digest", "", FLAG, "Write the SHA-256 of the content instead, the same on every host"),
        Option("output", "o", TEXT, "File to write (default: standard output)"),
        Option("pause", "", FLAG, "Let the containers that have the volume stand still meanwhile"),
    ),
    1,
    1,
)
_IMPORT = Usage(
    "volume import",
    "VOLUME FILE|-",
    "Have a volume hold what a tar archive holds, and nothing else",
    (),
    2,
    2,
)


def export(words: list[str]) -> int:
    """Write the archive; a file appears under its name when it is complete."""
    from ..containers.volume_backup import backup, digest
    from ..images import newfile

    parsed = _EXPORT.parse(words)
    if parsed.digest:
        output.write_lines([digest(opened.store(), parsed.arguments[0], holes=False)])
        return 0
    if not parsed.output and os.isatty(1):
        raise InvalidSpec("volume export writes an archive: name a file with -o, or redirect standard output")
    store = opened.store()
    kind, pause = parsed.compression or "none", bool(parsed.pause)
    if not parsed.output:
        backup(store, parsed.arguments[0], 1, kind, pause)
        return 0
    with newfile.replacing(parsed.output) as descriptor:
        backup(store, parsed.arguments[0], descriptor, kind, pause)
    return 0


def import_(words: list[str]) -> int:
    """Fill the volume."""
    from ..containers.volume_restore import check_idle, staged
    from ..images.compression import PIECE

    name, path = _IMPORT.parse(words).arguments
    store = opened.store()
    check_idle(store, name)
    file = open(0 if path == "-" else path, "rb", closefd=path != "-")
    with file, staged(store, name, lambda: file.read(PIECE)) as stage:
        if not stage.right:
            stage.put()
    return 0
