"""The `image_export` module's work."""

from __future__ import annotations

import os

from ..errors import ImageNotFound, InvalidSpec
from ..images import catalog, digest, layoutfolder, newfile, platform
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
    found = wanted(store, refs)
    _check_platform(store, refs, options["platform"])
    path, folder = options["path"], options["format"] == "oci-dir"
    if not check or os.path.isdir(os.path.dirname(path)):  # in check mode, an earlier task would have made the folder
        (layoutfolder if folder else newfile).check(path)
    steps = plan(Export(refs, path, folder), found, content(store, path, folder), options["force"])
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


def _check_platform(store: Store, refs: tuple[str, ...], asked: str | None) -> None:
    """Raise InvalidSpec for an image that is of another platform than `asked` for: a host has one of each name."""
    for ref in refs if asked else ():
        config = catalog.find(store, ref).config
        if not platform.asked_for(asked or "", config):
            own = platform.text({"platform": config})
            raise InvalidSpec(
                f"image {ref} on this host is for {own}, not for {asked}; pull it with that platform first"
            )


def plan(export: Export, wanted: Content, present: Content | None, force: bool) -> Plan:
    """Return the step that writes the archive, unless it is right. Pure."""
    if present == wanted and not force:
        return Plan()
    return Plan((export,), shown(present), shown(wanted))
