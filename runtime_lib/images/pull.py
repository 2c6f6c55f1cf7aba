"""Bring images from registries into the store."""

from __future__ import annotations

from .. import strictjson
from ..errors import CorruptData
from ..records import dataclass
from . import ahead, catalog, create, damaged, digest, document, fetching, layers, manifests, origins, places, reference
from . import platform as platforms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager
    from typing import Any

    from ..registry.client import Repository
    from ..registry.settings import Settings
    from ..store import Store
    from .catalog import Image
    from .fetching import Fetch, Seen
    from .manifests import Manifest
    from .origins import Blob
    from .reference import Reference
    from .stream import Readable

_PATIENCE = 3600.0  # seconds: another process may be pulling the same gigabytes
_DEEPEST = 4  # indexes in indexes


@dataclass(frozen=True)
class Pulled:
    """What became of a name: `digest` is its manifest's, `changed` whether the name means another image now."""

    image: Image
    digest: str
    changed: bool


class Listener:
    """Hears how a pull goes on; some of it from other threads."""

    def begin(self, found: Reference) -> None:
        """A name is looked up."""

    def layer(self, blob: Blob, status: str) -> None:
        """A layer has come to one of Docker's words for it: `Pulling fs layer`, `Already exists`, ..."""

    def seen(self, seen: Seen) -> None:
        """Some of a layer has come."""

    def end(self, pulled: Pulled) -> None:
        """A name is there."""


@dataclass(frozen=True)
class _Remote:
    """An image in a registry: the digest that its name has there, and its own manifest."""

    digest: str
    manifest: Manifest


def pull(
    store: Store, ref: str, platform: str = "", settings: Settings | None = None, listener: Listener | None = None
) -> Pulled:
    """Have the image of the store that a registry has under this name, and return it.

    `platform` is such as linux/arm64/v8; this host's without it. Raises InvalidSpec for what cannot be an image here,
    RegistryError, CorruptData for what is not what its digest says, OSError. After a failure, what has come waits for
    the next pull.
    """
    name = _checked(ref, platform)
    hears = listener or Listener()
    fetching.collect(store)
    hears.begin(name)

    def work(repository: Repository) -> Pulled:
        remote = look(repository, name, platform)
        with store.lock("pull", remote.manifest.config.digest[7:], _PATIENCE), layers.using(store):
            image = _image(store, repository, name.name, remote.manifest, hears)
            changed = _named(store, name, remote.digest, image)
            return Pulled(catalog.get(store, image.id), remote.digest, changed)

    pulled = places.ask(name, work, settings)
    hears.end(pulled)
    return pulled


def tags(ref: str, settings: Settings | None = None) -> list[str]:
    """Return the names, with tags, of all images in a repository, for `pull`. Raises InvalidSpec for one with a tag."""
    name = reference.untagged(ref)
    found = places.ask(name, lambda repository: repository.tags(), settings)
    return [reference.new_name(f"{name.familiar_name}:{tag}").familiar for tag in sorted(found)]


def outlook(store: Store, ref: str, platform: str = "", settings: Settings | None = None) -> str:
    """Return the id of the image that `pull` would give this name; the store is not changed.

    Where the name's digest is known already, that is a HEAD request. Raises as `pull` does.
    """
    name = _checked(ref, platform)

    def work(repository: Repository) -> str:
        told = None if platform else repository.describe(name.digest or name.tag or "")
        known = origins.find(store, name.name, told.digest) if told else None
        return known or look(repository, name, platform).manifest.config.digest

    return places.ask(name, work, settings)


def _checked(ref: str, wanted: str) -> Reference:
    platforms.check(wanted)
    return reference.parse(ref)


def look(repository: Repository, name: Reference, platform: str) -> _Remote:
    """Return what a name means in its registry."""
    where = name.familiar
    found = repository.manifest(name.digest or name.tag or "")
    top = found.digest
    for _unused in range(_DEEPEST):
        kind, content = manifests.read(found.body, found.media_type, where)
        if kind in manifests.IMAGES:
            return _Remote(top, manifests.image(kind, content, where))
        found = repository.manifest(manifests.choose(content, platform, where).digest)
    raise CorruptData(f"{where}: its indexes are nested too deeply")


def _image(store: Store, repository: Repository, called: str, manifest: Manifest, hears: Listener) -> Image:
    if catalog.resolve(store, manifest.config.digest):
        present = catalog.get(store, manifest.config.digest)
        if not damaged.lost(store, present):
            return present
    data = config(repository, manifest.config)
    where = f"the configuration {manifest.config.digest}"
    diff_ids = document.check(strictjson.parse_object(data, where), where)
    if len(diff_ids) != len(manifest.layers):
        raise CorruptData(f"{where} tells of {len(diff_ids)} layers, the manifest of {len(manifest.layers)}")
    chain_ids = digest.chains(diff_ids)
    layers.keep(store, chain_ids, fetching.KEPT)
    parts = list(zip(manifest.layers, diff_ids))
    _layers(store, repository, parts, hears)
    for blob, diff_id in parts:
        origins.note_blob(store, diff_id, blob, called)
    image = create.from_bytes(store, data, chain_ids)
    layers.keep(store, chain_ids, 0)
    return image


def bring(store: Store, repository: Repository, parts: Sequence[tuple[Blob, str]]) -> None:
    """Have layers in the store, given as (blob, diff id) from the lowest on.

    Hold `layers.using` around this and what then refers to them. Raises as `pull` does.
    """
    _layers(store, repository, parts, Listener())
    layers.keep(store, digest.chains([diff_id for _blob, diff_id in parts]), 0)


def config(repository: Repository, blob: Blob) -> bytes:
    """Return an image's configuration."""
    with repository.blob(blob.digest, blob.size) as source:
        return b"".join(iter(lambda: source.read(strictjson.LIMIT), b""))


def _layers(store: Store, repository: Repository, parts: Sequence[tuple[Blob, str]], hears: Listener) -> None:
    """Unpack the layers while they are downloaded; they count one after the other, the lowest first."""
    chain_ids = digest.chains([diff_id for _blob, diff_id in parts])
    lacking = {at for at, chain_id in enumerate(chain_ids) if layers.find(store, chain_id) is None}
    fetches = {at: _fetch(store, repository, parts[at][0], hears) for at in sorted(lacking)}
    for at, (blob, _diff_id) in enumerate(parts):
        hears.layer(blob, "Pulling fs layer" if at in lacking else "Already exists")
        if at not in lacking:
            fetching.forget(store, blob)  # whoever got it was killed before that
    parents = [None, *chain_ids]
    jobs = {at: ahead.Job(fetch, parents[at], parts[at][1]) for at, fetch in fetches.items()}
    with fetching.running(list(fetches.values())), ahead.unpacking(store, list(jobs.values())):
        for at, (blob, diff_id) in enumerate(parts):
            if at in jobs:
                if not _installed(jobs[at]):
                    _again(store, repository, blob, parents[at], diff_id, hears)
                layers.keep(store, [chain_ids[at]], fetching.KEPT)
                fetches[at].forget()  # not before: who is killed here has either the blob or a layer that stays
                hears.layer(blob, "Pull complete")


def _fetch(store: Store, repository: Repository, blob: Blob, hears: Listener) -> Fetch:
    def source(wanted: Blob, start: int, total: Any) -> AbstractContextManager[Readable]:
        return repository.blob(wanted.digest, wanted.size, start, total)

    return fetching.Fetch(store, blob, source, hears.seen)


def _installed(job: ahead.Job) -> bool:
    """Have a layer count; False where its blob is wrong, but began with what an earlier try had got."""
    try:
        job.install()
    except CorruptData:
        job.fetch.forget()
        if not job.fetch.resumed:
            raise
        return False
    return True


def _again(store: Store, repository: Repository, blob: Blob, parent: str | None, diff_id: str, hears: Listener) -> None:
    """Get all of a blob once more: its beginning may have been damaged here."""
    fetch = _fetch(store, repository, blob, hears)
    with fetching.running([fetch]):
        try:
            layers.import_tar(store, fetch, parent, diff_id)
        except CorruptData:
            fetch.forget()
            raise


def _named(store: Store, name: Reference, manifest: str, image: Image) -> bool:
    """Give the image its name and digest; return whether that name meant something else, or nothing, before."""
    fresh = origins.note_image(store, name.name, manifest, image.id)
    changed = fresh if name.digest or not name.tag else catalog.tag(store, image.id, name.familiar)
    if changed:
        catalog.note(store, "pull", image, name.familiar)
    return changed
