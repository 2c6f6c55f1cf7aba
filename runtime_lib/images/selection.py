"""Which images, and under which of their names, the words of `skiff save` mean."""

from __future__ import annotations

from ..errors import ImageNotFound, InvalidSpec
from ..records import dataclass
from . import catalog, digest, reference

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ..store import Store
    from .catalog import Image


@dataclass(frozen=True)
class Selected:
    """An image, and those of its names that are asked for: none for one that is asked for by id."""

    image: Image
    names: tuple[str, ...]


def select(store: Store, refs: Sequence[str]) -> list[Selected]:
    """Return each image once, in the order in which they are asked for first. Raises ImageNotFound.

    As in Docker, a name without a tag means all tags of that name; an id, or the beginning of one, means the image
    without its names.
    """
    names: dict[str, dict[str, None]] = {}
    for ref in refs:
        for image_id, name in _meant(store, ref):
            names.setdefault(image_id, {}).update({name: None} if name else {})
    return [Selected(catalog.get(store, image_id), tuple(sorted(found))) for image_id, found in names.items()]


def _meant(store: Store, ref: str) -> Iterable[tuple[str, str | None]]:
    tagged = ":" in ref.rpartition("/")[2] or "@" in ref
    if not tagged:
        found = list(_tags(store, ref))
        if found:
            return found
    image_id = catalog.resolve(store, ref)
    if image_id is None:
        raise ImageNotFound(f"no image {ref[:300]!r} is here; pull, load, import, bootstrap or build it first")
    return [(image_id, _name(ref, image_id) if tagged else None)]


def _tags(store: Store, ref: str) -> Iterable[tuple[str, str]]:
    """Yield (image id, name) of all tags of a name."""
    try:
        wanted = reference.parse(ref).name
    except InvalidSpec:
        return
    for row in store.query("SELECT name, image_id FROM image_names ORDER BY name"):
        parsed = reference.parse(row["name"])
        if parsed.name == wanted:
            yield row["image_id"], parsed.familiar


def _name(ref: str, image_id: str) -> str | None:
    if digest.valid(ref) or (ref.startswith("sha256:") and image_id.startswith(ref)):
        return None
    return reference.parse(ref).familiar
