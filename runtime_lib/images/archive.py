"""Load images from archives: docker-archive (`docker save`), OCI archive, OCI layout folder.

Sources: Docker image-spec v1.2 ("Combined Image JSON + Filesystem Changeset Format"), OCI image-spec image-layout.md.
"""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager

from .. import strictjson
from ..errors import CorruptData, InvalidSpec
from ..linux.writing import write_all
from ..records import dataclass
from . import catalog, compression, create, damaged, digest, document, layers, ocilayout, reference
from .members import FolderMembers, TarMembers
from .members import document as read_document

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from ..store import Store
    from .catalog import Image
    from .members import Members


@dataclass(frozen=True)
class Source:
    """One image inside an archive: what it is called, its configuration and its layers' members.

    `layers` are (member, digest of the stored bytes or None), the lowest first.
    """

    names: tuple[str, ...]
    config: bytes
    layers: tuple[tuple[str, str | None], ...]


@dataclass(frozen=True)
class Loaded:
    """What became of one image of an archive: `changed` is False when it was there already, with all its names."""

    image: Image
    names: tuple[str, ...]
    changed: bool


def load(store: Store, path: str, called: str | None = None) -> list[Loaded]:
    """Load all images of the archive `path`: a file, plain or compressed, a pipe, or a folder.

    Errors name it as `called`, if that is given.

    Raises InvalidSpec when it is no image archive, CorruptData when it is damaged or unsafe, OSError when it cannot be
    read. Images that were complete before the failure stay; of the others nothing is left. Layers that the store has
    need not be in the archive (see `thin`).
    """
    with located(called or path), opened(path, _temporary(store)) as members:
        sources = images(members, called or path)
        with layers.using(store):
            return [_load(store, members, source) for source in sources]


def sources(store: Store, path: str) -> list[tuple[str, tuple[str, ...]]]:
    """Return (image id, names) of every image that `load` would load; nothing is changed."""
    with located(path), opened(path, _temporary(store)) as members:
        return [(digest.of(source.config), source.names) for source in images(members, path)]


@contextmanager
def located(name: str) -> Iterator[None]:
    """Say in every CorruptData of a block where the damaged data came from."""
    try:
        yield
    except CorruptData as error:
        raise CorruptData(f"{name}: {error}") from error


def _temporary(store: Store) -> str:
    # In check mode a bare host has no folder of ours.
    return store.layout.temporary if os.path.isdir(store.layout.temporary) else "/var/tmp"


@contextmanager
def opened(path: str, temporary: str) -> Iterator[Members]:
    """Give the files of an archive; a compressed one, or a pipe, is written to the folder `temporary` first."""
    if os.path.isdir(path):
        with FolderMembers(path) as folder:
            yield folder
        return
    with open(path, "rb") as file:
        if stat.S_ISREG(os.fstat(file.fileno()).st_mode) and not compression.compressed(os.pread(file.fileno(), 8, 0)):
            yield TarMembers(file.fileno())
        else:
            with _plain(file.fileno(), temporary) as descriptor:
                yield TarMembers(descriptor)


@contextmanager
def _plain(source: int, folder: str) -> Iterator[int]:
    """Copy a compressed archive or a pipe to a plain file without a name: members are not stored in a useful order."""
    descriptor = os.open(folder, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        with compression.opened(lambda: os.read(source, compression.PIECE)) as pieces:
            for piece in pieces:
                write_all(descriptor, piece)
        yield descriptor
    finally:
        os.close(descriptor)


def images(members: Members, path: str, machine: str = "") -> list[Source]:
    """Return the images of an archive for this host, or a `machine` of uname(2). Raises InvalidSpec, CorruptData."""
    if members.has("manifest.json"):
        return _docker(members)
    if members.has("index.json"):
        return [Source(*found) for found in ocilayout.images(members, machine)]
    raise InvalidSpec(
        f"{path} is not an image archive: it has neither manifest.json nor index.json; "
        "import the tar of a root file system instead of loading it"
    )


def _docker(members: Members) -> list[Source]:
    manifest = strictjson.parse(read_document(members, "manifest.json"), "manifest.json")
    if not isinstance(manifest, list) or not all(isinstance(item, dict) for item in manifest):
        raise CorruptData("manifest.json is not a list of images")
    return [_docker_source(members, item) for item in manifest]


def _docker_source(members: Members, item: dict[str, Any]) -> Source:
    config, names, parts = item.get("Config"), item.get("RepoTags") or [], item.get("Layers") or []
    if not isinstance(config, str) or not _are_texts(names) or not _are_texts(parts):
        raise CorruptData("manifest.json: Config, RepoTags or Layers is missing or of a wrong type")
    return Source(_checked_names(names), read_document(members, config), tuple((part, None) for part in parts))


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(text, str) for text in value)


def _checked_names(names: list[str]) -> tuple[str, ...]:
    try:
        return tuple(reference.new_name(name).familiar for name in names)
    except InvalidSpec as error:
        raise CorruptData(f"manifest.json: {error}") from None


def _load(store: Store, members: Members, source: Source) -> Loaded:
    where = f"the configuration of image {source.names[0] if source.names else ''}".rstrip()
    diff_ids = document.check(strictjson.parse_object(source.config, where), where)
    if len(diff_ids) != len(source.layers):
        raise CorruptData(f"{where} tells of {len(diff_ids)} layers, the archive of {len(source.layers)}")
    image_id = digest.of(source.config)
    present = catalog.get(store, image_id) if catalog.resolve(store, image_id) else None
    if present and set(source.names) <= set(present.names) and not damaged.lost(store, present):
        return Loaded(present, source.names, False)
    chain_ids = bring(store, members, list(zip(diff_ids, source.layers)))
    image = create.from_bytes(store, source.config, chain_ids, source.names)
    catalog.note(store, "load", image, source.names[0] if source.names else "")
    return Loaded(image, source.names, True)


def bring(store: Store, members: Members, parts: Sequence[tuple[str, tuple[str, str | None]]]) -> list[str]:
    """Have layers in the store, given as (diff id, entry of `Source.layers`) from the lowest on.

    Return their chain ids.
    Hold `layers.using` around this and what then refers to them. Raises CorruptData.
    """
    chain_ids: list[str] = []
    for diff_id, (member, stored) in parts:
        parent = chain_ids[-1] if chain_ids else None
        chain_id = digest.chain(parent, diff_id)
        if layers.find(store, chain_id) is None:
            layers.import_tar(store, members.open(member), parent, diff_id, stored)
        chain_ids.append(chain_id)
    return chain_ids
