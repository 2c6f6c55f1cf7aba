"""The steps that clear away what nobody uses. What has come into use since the plan was made is left alone."""

from __future__ import annotations

from ..errors import Busy, Conflict, ContainerNotFound, InUse, NetworkNotFound, VolumeNotFound, WrongState
from ..records import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..store import Store


@dataclass(frozen=True)
class Prune:
    """Remove one thing of a `kind`; `key` is its id or name, and `size` are the bytes that this gives back."""

    kind: str
    key: str
    name: str
    size: int

    def describe(self) -> str:
        """Return words for people."""
        return f"remove {self.kind} {self.name}, which is not used"

    def action(self) -> dict[str, Any]:
        """Return the same for programs."""
        return {f"pruned_{self.kind}": self.key}

    def apply(self, store: Store) -> None:
        """Remove it."""
        try:
            _REMOVE[self.kind](store, self.key)
        except (Busy, WrongState, Conflict, InUse, ContainerNotFound, NetworkNotFound, VolumeNotFound):
            return


def _container(store: Store, key: str) -> None:
    from ..containers.remove import remove

    remove(store, key)


def _image(store: Store, key: str) -> None:
    from ..images.catalog import discard

    discard(store, key)


def _network(store: Store, key: str) -> None:
    from ..networks.catalog import remove

    remove(store, key)


def _volume(store: Store, key: str) -> None:
    from ..volumes.catalog import remove

    remove(store, key)


def _cache(store: Store, key: str) -> None:
    with store.transaction() as db:
        db.execute("DELETE FROM build_cache WHERE key = ?", (key,))


def _cache_mount(store: Store, key: str) -> None:
    from ..build.cachemounts import remove

    remove(store, key)


def _download(store: Store, key: str) -> None:
    from ..build.download import remove

    remove(store, key)


def _partial(store: Store, key: str) -> None:
    from ..images.fetching import discard

    discard(store, key)


_REMOVE = {
    "build cache": _cache,
    "cache mount": _cache_mount,
    "container": _container,
    "download": _download,
    "image": _image,
    "network": _network,
    "partial layer": _partial,
    "volume": _volume,
}
