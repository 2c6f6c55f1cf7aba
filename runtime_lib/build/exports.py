"""Caches for other hosts: images that carry the records of their steps (see `cacherecords`)."""

from __future__ import annotations

from contextlib import contextmanager

from ..errors import SkiffError
from ..images import create, layoutfolder, push, reference
from ..images.selection import Selected
from ..records import replace
from .run import forget

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ..images.catalog import Image
    from ..store import Store
    from .cachespec import CachePlace
    from .state import State


def write(store: Store, states: Sequence[State], place: CachePlace, output: Callable[[str], None]) -> None:
    """Write the cache of these stages, of which the target is the last one. Type inline has nothing to write.

    Raises what `save` and `push` raise, unless the cache may fail.
    """
    if place.kind == "inline":
        return
    output(f"Exporting cache to {place.place}\n")
    try:
        with _images(store, _chosen(states, place)) as images:
            if place.kind == "local":
                layoutfolder.replace(store, [Selected(image, ()) for image in images], place.place)
            else:
                push.push_all(store, reference.parse(place.place), images)
    except (SkiffError, OSError) as error:
        if not place.may_fail:
            raise
        output(f"[Warning] the cache was not written: {error}\n")


def _chosen(states: Sequence[State], place: CachePlace) -> list[State]:
    """Return the states whose records are no part of another one's. Pure."""
    wanted = [state for state in states if state.records] if place.every_stage else list(states[-1:])
    keys = [frozenset(one.key for one in state.records) for state in wanted]
    return [
        state
        for position, state in enumerate(wanted)
        if not any(
            keys[position] < other or (keys[position] == other and position < at) for at, other in enumerate(keys)
        )
    ]


@contextmanager
def _images(store: Store, states: Sequence[State]) -> Iterator[list[Image]]:
    """Give images with the records of the states, for a block."""
    made = [create.image(store, replace(one, inline=True).document(), one.layers) for one in states]
    try:
        yield made
    finally:
        for image in made:
            forget(store, image.id)
