"""The `image_export` module's work."""

from __future__ import annotations

import os

from ..errors import ImageNotFound, InvalidSpec
from ..images import catalog, digest, newfile
from ..images.inspect import describe
from .image_archive import Export, content, shown
from .image_wish import full_name
from .plan import Outcome, Plan, converge

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..store import Store
    from .image_archive import Content


def perform(store: Store, options: dict[str, Any], check: bool) -> Outcome:
    """Have an archive hold the named images and no others; with `check`, only say whether it would be written."""
    refs = tuple(dict.fromkeys(full_name(name, options["tag"]) for name in options["names"]))
    if not refs:
        raise InvalidSpec("names: say at least one image")
    path = options["path"]
    if not check or os.path.isdir(os.path.dirname(path)):
        newfile.check(path)  # in check mode, the folder may be what an earlier task would have made
    steps = plan(refs, path, wanted(store, refs), content(store, path), options["force"])
    if not check:
        converge(store, steps)
    ids = dict.fromkeys(catalog.find(store, ref).id for ref in refs)
    facts = {"images": [describe(store, catalog.get(store, image_id)) for image_id in ids]}
    return Outcome(facts, steps, steps.changed)


def wanted(store: Store, refs: tuple[str, ...]) -> Content:
    """Return what the archive has to hold. Raises ImageNotFound."""
    result: Content = {}
    for ref in refs:
        image_id = catalog.resolve(store, ref)
        if image_id is None:
            raise ImageNotFound(f"image {ref} is not on this host, so it cannot be saved")
        names = frozenset() if digest.valid(ref) else frozenset((ref,))
        result[image_id] = result.get(image_id, frozenset()) | names
    return result


def plan(refs: tuple[str, ...], path: str, wanted: Content, present: Content | None, force: bool) -> Plan:
    """Return the step that writes the archive, unless it is right. Pure."""
    if present == wanted and not force:
        return Plan()
    return Plan((Export(refs, path),), shown(present), shown(wanted))
