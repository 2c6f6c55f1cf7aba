"""Which images are meant: the filters of `docker images`, and of everything that lists images."""

from __future__ import annotations

from .. import conditions
from ..store import Store
from . import catalog, origins
from .inspect import repositories

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..conditions import Conditions
    from .catalog import Image

_KNOWN = ("before", "dangling", "label", "label!", "reference", "since", "until")


def matching(store: Store, given: Conditions) -> list[tuple[Image, list[tuple[str, str]]]]:
    """Return images, the newest first, each with those (repository, tag) of its names that are meant.

    Raises InvalidSpec, and ImageNotFound for a `before` or `since` that is not there.
    """
    conditions.check(given, _KNOWN, "images")
    before = [catalog.find(store, value).created for value in given.get("before", ())]
    since = [catalog.find(store, value).created for value in given.get("since", ())]
    dangling = conditions.truth(given, "dangling")
    found = []
    for image in catalog.listing(store):
        if dangling is not None and dangling == bool(image.names):
            continue
        if any(image.created >= moment for moment in before) or any(image.created <= moment for moment in since):
            continue
        if not conditions.labelled(image.defaults.get("Labels") or {}, given):
            continue
        names = [name for name in repositories(image, origins.digests(store, image.id)) if _is_named(*name, given)]
        if names and conditions.created_until(image.created, given):
            found.append((image, names))
    return found


def _is_named(repository: str, tag: str, given: Conditions) -> bool:
    """Whether a name is one of the references, whose `*` stands for anything but a slash, as Docker's."""
    return "reference" not in given or any(_is_meant(repository, tag, text) for text in given["reference"])


def _is_meant(repository: str, tag: str, wanted: str) -> bool:
    from fnmatch import fnmatchcase

    name, colon, wanted_tag = wanted.rpartition(":")
    if not colon or "/" in wanted_tag:
        name, wanted_tag = wanted, "*"
    return repository.count("/") == name.count("/") and fnmatchcase(repository, name) and fnmatchcase(tag, wanted_tag)
