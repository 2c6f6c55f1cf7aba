"""The `image_load` module's work."""

from __future__ import annotations

from ..images import archive, catalog
from ..images.inspect import describe
from .image_archive import LoadAll, merged, shown
from .plan import Outcome, Plan, converge

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..store import Store
    from .image_archive import Content


def perform(store: Store, options: dict[str, Any], check: bool) -> Outcome:
    """Have all images of an archive on the host, with their names; with `check`, only say whether any is missing."""
    path = options["path"]
    try:
        sources = archive.sources(store, path)
    except FileNotFoundError as error:
        if not check:
            raise
        warning = f"the archive {path} is not there yet: {error.strerror}"
        return Outcome({"image_names": [], "images": [], "stdout": ""}, Plan((LoadAll(path),)), True, (warning,))
    wanted = merged(sources)
    names = [name for image_id, own in sources for name in own or (image_id,)]
    steps = plan(path, wanted, observe(store, names))
    if not check:
        converge(store, steps)
    ids = [image_id for image_id in wanted if catalog.resolve(store, image_id)]
    facts: dict[str, Any] = {
        "image_names": names,
        "images": [describe(store, catalog.get(store, image_id)) for image_id in ids],
    }
    facts["stdout"] = said(sources)
    return Outcome(facts, steps, steps.changed)


def said(sources: list[tuple[str, tuple[str, ...]]]) -> str:
    """Return what `skiff load` prints of the images of an archive. Pure."""
    lines = [line for image_id, names in sources for line in _lines(image_id, names)]
    return "".join(f"{line}\n" for line in lines)


def _lines(image_id: str, names: tuple[str, ...]) -> list[str]:
    return [f"Loaded image: {name}" for name in names] or [f"Loaded image ID: {image_id}"]


def observe(store: Store, names: list[str]) -> dict[str, str]:
    """Return the ids that the names, or ids, have on this host; without those that are not there."""
    found = ((name, catalog.resolve(store, name)) for name in names)
    return {name: image_id for name, image_id in found if image_id}


def plan(path: str, wanted: Content, present: dict[str, str]) -> Plan:
    """Return the step that loads the archive, unless all of it is there. Pure."""
    after = shown(wanted)
    if present == after:
        return Plan()
    return Plan((LoadAll(path),), {name: present.get(name) for name in after}, after)
