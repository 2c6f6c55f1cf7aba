"""Archives of images as a task sees them: what is in one, and the steps that write and load one."""

from __future__ import annotations

import os

from ..errors import CorruptData, InvalidSpec
from ..records import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..store import Store

    # The names of each image in an archive, by its id.
    Content = dict[str, frozenset[str]]


def content(store: Store, path: str, folder: bool = False) -> Content | None:
    """Return what is in the archive file `path`, or the `folder` with an OCI layout.

    None when there is none, or none that can be read.
    """
    from ..images import archive

    is_there = os.path.isdir(path) if folder else os.path.isfile(path)
    try:
        found = archive.sources(store, path) if is_there else []
    except (CorruptData, InvalidSpec):
        return None
    return merged(found) or None


def merged(sources: list[tuple[str, tuple[str, ...]]]) -> Content:
    """Return the same by id: an archive may name an image in several places. Pure."""
    result: Content = {}
    for image_id, names in sources:
        result[image_id] = result.get(image_id, frozenset()) | frozenset(names)
    return result


def shown(found: Content | None) -> dict[str, Any]:
    """Return it for diff mode: the image's id by name. Pure."""
    if found is None:
        return {"exists": False}
    return {name: image_id for image_id, names in sorted(found.items()) for name in sorted(names) or [image_id]}


@dataclass(frozen=True)
class Export:
    """Write images (names with tags, or ids) to an archive, or as a `folder` with an OCI layout."""

    refs: tuple[str, ...]
    path: str
    folder: bool = False

    def describe(self) -> str:
        """Return what it does."""
        return f"save image {', '.join(self.refs)} to {self.path}"

    def action(self) -> dict[str, Any]:
        """Return it for programs."""
        return {"saved": list(self.refs), "path": self.path}

    def apply(self, store: Store) -> None:
        """Do it."""
        from ..images import layoutfolder, newfile, save, selection

        selected = selection.select(store, self.refs)
        if self.folder:
            return layoutfolder.replace(store, selected, self.path)
        with newfile.replacing(self.path) as descriptor:
            save.save(store, selected, descriptor)


@dataclass(frozen=True)
class LoadAll:
    """Load all images of an archive."""

    path: str

    def describe(self) -> str:
        """Return what it does."""
        return f"load the images of {self.path}"

    def action(self) -> dict[str, Any]:
        """Return it for programs."""
        return {"loaded": self.path}

    def apply(self, store: Store) -> None:
        """Do it."""
        from ..images import archive

        archive.load(store, self.path)
