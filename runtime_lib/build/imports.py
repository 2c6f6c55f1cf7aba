"""The caches that a build is given: what other hosts have built.

Their records are read at the start, and a layer is brought when a step needs it. They count for this build alone; the
steps that it has used are in the host's own cache afterwards, as those that it has made are.
"""

from __future__ import annotations

import threading

from ..errors import CorruptData, SkiffError
from ..images import archive, catalog, digest, layers, manifests, places, pull, reference
from ..records import dataclass
from . import cache, cacherecords

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from ..images.reference import Reference
    from ..registry.client import Repository
    from ..store import Store
    from .cacherecords import Record
    from .cachespec import CachePlace

    # Have the first layers of an image in the store, so many.
    Bring = Callable[[Store, int], None]

_MOST = 200  # images in one cache: stages


@dataclass(frozen=True)
class _Found:
    """An image of a cache: its layers' diff ids, its records, and how layers are brought."""

    diff_ids: list[str]
    records: list[Record]
    bring: Bring

    def chains(self) -> list[str]:
        """Return the chain ids of the layers."""
        return digest.chains(self.diff_ids)


class Imports:
    """What steps have made: here, or where the caches are from that were read.

    A cache that cannot be read is told and left out, as in BuildKit: it is never needed.
    """

    def __init__(self) -> None:
        """Know of no other cache than the host's."""
        self._known: dict[str, tuple[_Found, Record]] = {}
        self._lock = threading.Lock()  # stages are built side by side
        self._output: Callable[[str], None] = lambda _unused: None

    def read(self, store: Store, given: Sequence[CachePlace], output: Callable[[str], None]) -> None:
        """Read the records of some caches."""
        self._output = output
        for place in given:
            output(f"Importing cache from {place.place}\n")
            try:
                found = _local(store, place.place) if place.kind == "local" else _registry(store, place.place)
            except (SkiffError, OSError) as error:
                output(f"[Warning] the cache {place.place} is not used: {error}\n")
                continue
            if not any(one.records for one in found):
                output(f"[Warning] {place.place} has no cache of builds by Skiff\n")
            for one in found:
                for record in one.records:
                    self._known.setdefault(record.key, (one, record))

    def find(self, store: Store, key: str) -> tuple[str | None] | None:
        """Return what `cache.find` does, after the layer of another host was brought where that is needed."""
        known = cache.find(store, key)
        if known is not None or key not in self._known:
            return known
        found, record = self._known[key]
        chain_id = found.chains()[record.layers - 1] if record.changed else None
        with self._lock:
            try:
                _bring(store, found, record.layers)
            except (SkiffError, OSError) as error:
                self._output(f"[Warning] a layer of the cache is not used: {error}\n")
                return None
        cache.remember(store, key, chain_id)
        return (chain_id,)


def _bring(store: Store, found: _Found, count: int) -> None:
    """Have the first layers of an image, with the times of their making: so the history and id are those over there."""
    chains = found.chains()
    lacking = {chain_id for chain_id in chains[:count] if layers.find(store, chain_id) is None}
    if not lacking:
        return
    found.bring(store, count)
    with store.transaction() as db:
        for record in found.records:
            chain_id = chains[record.layers - 1]
            if record.changed and chain_id in lacking:
                db.execute("UPDATE layers SET created = ? WHERE chain_id = ?", (record.created, chain_id))


def _local(store: Store, path: str) -> list[_Found]:
    """Read an OCI layout, or an archive of images."""
    with archive.located(path), archive.opened(path, store.layout.temporary) as members:
        sources = archive.images(members, path)[:_MOST]
    found = []
    for position, source in enumerate(sources):
        diff_ids, known = cacherecords.parse(source.config, path)
        found.append(_Found(_as_many(diff_ids, source.layers, path), known, _from_archive(path, position, diff_ids)))
    return found


def _from_archive(path: str, position: int, diff_ids: list[str]) -> Bring:
    def bring(store: Store, count: int) -> None:
        with archive.located(path), archive.opened(path, store.layout.temporary) as members:
            source = archive.images(members, path)[position]
            archive.bring(store, members, list(zip(diff_ids, source.layers))[:count])

    return bring


def _registry(store: Store, name: str) -> list[_Found]:
    """Read the cache of an image of this name: the host's own, if it has one, else the registry's."""
    here = _of_image(store, name)
    if here and here.records:
        return [here]
    parsed = reference.parse(name)
    return places.ask(parsed, lambda repository: _all_of(repository, parsed))


def _all_of(repository: Repository, name: Reference) -> list[_Found]:
    found = repository.manifest(name.digest or name.tag or "")
    kind, content = manifests.read(found.body, found.media_type, name.familiar)
    if kind in manifests.IMAGES:
        return [_remote(repository, name, kind, content)]
    result = []
    for descriptor in manifests.descriptors(content, "manifests", name.familiar)[:_MOST]:
        found = repository.manifest(manifests.blob(descriptor, name.familiar).digest)
        kind, content = manifests.read(found.body, found.media_type, name.familiar)
        if kind in manifests.IMAGES:
            result.append(_remote(repository, name, kind, content))
    return result


def _remote(repository: Repository, name: Reference, kind: str, content: dict[str, Any]) -> _Found:
    manifest = manifests.image(kind, content, name.familiar)
    diff_ids, known = cacherecords.parse(pull.config(repository, manifest.config), name.familiar)
    parts = list(zip(manifest.layers, _as_many(diff_ids, manifest.layers, name.familiar)))

    def bring(store: Store, count: int) -> None:
        places.ask(name, lambda repository: pull.bring(store, repository, parts[:count]))

    return _Found(diff_ids, known, bring)


def _as_many(diff_ids: list[str], stored: Sequence[object], where: str) -> list[str]:
    if len(diff_ids) != len(stored):
        raise CorruptData(f"{where} has {len(stored)} layers for an image of {len(diff_ids)}")
    return diff_ids


def _of_image(store: Store, name: str) -> _Found | None:
    image_id = catalog.resolve(store, name)
    row = store.row("SELECT config FROM images WHERE id = ?", (image_id,)) if image_id else None
    return _Found(*cacherecords.parse(row["config"].encode(), name), _lost) if row else None


def _lost(_store: Store, _count: int) -> None:
    raise CorruptData("the store has lost it; get its image again")
