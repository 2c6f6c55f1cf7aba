"""Verbs that bring images from archives and to them: load, import, save."""

from __future__ import annotations

import os
import sys
import tempfile

from ..errors import InvalidSpec
from ..linux.writing import write_all
from . import opened, output
from .options import FLAG, LIST, TEXT, Option, Usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..images.catalog import Image
    from ..store import Store
    from .options import Parsed

_LOAD = Usage(
    "load",
    "[OPTIONS]",
    "Load images from an archive (docker-archive, OCI archive or OCI layout folder)",
    (
        Option("input", "i", TEXT, "Archive file or layout folder (default: standard input)"),
        Option("quiet", "q", FLAG, "Accepted for Docker's sake"),
    ),
    0,
    0,
)
_IMPORT = Usage(
    "import",
    "[OPTIONS] FILE|URL|- [REPOSITORY[:TAG]]",
    "Make an image of a root file system's tar archive",
    (
        Option("change", "c", LIST, "Apply a Dockerfile instruction (CMD, ENV, ...)"),
        Option("message", "m", TEXT, "What the image's history says of it"),
        Option("platform", "", TEXT, "Platform of the image (default: the host's)"),
    ),
    1,
    2,
)
_SAVE = Usage(
    "save",
    "[OPTIONS] IMAGE [IMAGE...]",
    "Save images to a tar archive (OCI layout and docker-archive in one)",
    (
        Option("output", "o", TEXT, "File to write (default: standard output)"),
        Option(
            "format", "", TEXT, "docker-archive (which is an OCI archive as well), oci-archive or oci-dir (a folder)"
        ),
        Option("without", "", LIST, "Leave out the layer with this digest, which the reader has already"),
    ),
    1,
)

_FORMATS = ("docker-archive", "oci-archive", "oci-dir")


def load(words: list[str]) -> int:
    """Load an archive."""
    from ..images import archive

    parsed = _LOAD.parse(words)
    store = opened.store()
    if parsed.input:
        loaded = archive.load(store, parsed.input)
    elif os.isatty(0):
        raise InvalidSpec("load reads an archive: name it with -i, or pass it to standard input")
    else:
        with tempfile.NamedTemporaryFile(dir=store.layout.temporary) as file:
            try:
                _copy(0, file.fileno())
            except OSError as error:
                error.filename = error.filename or store.layout.temporary
                raise
            loaded = archive.load(store, file.name, "standard input")
    for one in loaded:
        lines = [f"Loaded image: {name}" for name in one.names] or [f"Loaded image ID: {one.image.id}"]
        output.write_lines(lines)
    return 0


def import_(words: list[str]) -> int:
    """Import a root file system."""
    from ..images import archive
    from ..images.rootfs import import_rootfs

    parsed = _IMPORT.parse(words)
    source, name = parsed.arguments[0], parsed.arguments[1] if len(parsed.arguments) > 1 else None
    more = (name, parsed.change, parsed.message or "Imported from -", parsed.platform or "")
    if source == "-":
        image = import_rootfs(opened.store(), sys.stdin.buffer, *more)
    elif source.lower().startswith(("http://", "https://")):
        image = _import_remote(opened.store(), source, more)
    else:
        with open(source, "rb") as file, archive.located(source):
            image = import_rootfs(opened.store(), file, *more)
    output.write_lines([image.id])
    return 0


def _import_remote(store: Store, url: str, more: tuple[str | None, Sequence[str], str, str]) -> Image:
    from ..build import download, remote
    from ..images import archive
    from ..images.rootfs import import_rootfs

    place = remote.parse(url)
    if place.is_git:
        raise InvalidSpec(f"{place.shown()} is a Git repository; import reads a tar archive")
    with tempfile.NamedTemporaryFile(dir=store.layout.temporary) as file:
        download.once(place, file.name)
        with archive.located(place.shown()):
            return import_rootfs(store, file, *more)


def save(words: list[str]) -> int:
    """Save images to an archive."""
    from ..images import newfile
    from ..images.save import save as engine
    from ..images.selection import select

    parsed = _SAVE.parse(words)
    if (parsed.format or _FORMATS[0]) not in _FORMATS:
        raise InvalidSpec(f"--format {parsed.format[:40]!r} is none of {', '.join(_FORMATS)}")
    if parsed.format == "oci-dir":
        return _save_layout(parsed)
    if not parsed.output and os.isatty(1):
        raise InvalidSpec("save writes an archive: name a file with -o, or redirect standard output")
    store = opened.store()
    selected, without = select(store, parsed.arguments), frozenset(parsed.without)
    if not parsed.output:
        engine(store, selected, 1, without)
        return 0
    with newfile.replacing(parsed.output) as descriptor:
        engine(store, selected, descriptor, without)
    return 0


def _save_layout(parsed: Parsed) -> int:
    from ..images import layoutfolder
    from ..images.selection import select

    if not parsed.output or parsed.without:
        raise InvalidSpec("save --format oci-dir writes a whole folder: name it with -o, and leave out --without")
    store = opened.store()
    layoutfolder.replace(store, select(store, parsed.arguments), parsed.output)
    return 0


def _copy(source: int, target: int) -> None:
    while True:
        data = os.read(source, 1024 * 1024)
        if not data:
            return
        write_all(target, data)
