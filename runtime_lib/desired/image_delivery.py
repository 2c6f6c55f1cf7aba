"""An image that comes from the controller or from another host, through Ansible's connection.

Three questions and answers (the action plugin `image` asks them, and knows nothing of stores): is the image wanted at
all; which layers of it are missing here; load this archive of the missing layers.
"""

from __future__ import annotations

import os

from ..errors import CorruptData
from ..images import archive, catalog, damaged, digest, layers
from ..records import dataclass
from .image_wish import ELSEWHERE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..store import Store
    from .image_wish import Delivery, Wish

QUESTION = "skiff_which_image"
MISSING = "skiff_missing_layers"


def answer(store: Store, wanted: Wish) -> dict[str, Any] | None:
    """Return what has to be told to the controller's side before anything can be done; None when nothing has."""
    if wanted.source not in ELSEWHERE:
        return None
    if wanted.delivery is None:
        return {QUESTION: os.uname().machine}
    lacking = missing(store, wanted.delivery)
    return None if lacking is None or wanted.delivery.archive else {MISSING: lacking}


def missing(store: Store, delivery: Delivery) -> list[str] | None:
    """Return the diff ids of the layers that this host lacks, each once; None when it has the whole image."""
    present = catalog.resolve(store, delivery.image_id)
    if present and not damaged.lost(store, catalog.get(store, present)):
        return None
    lacking: list[str] = []
    parent = None
    for diff_id in delivery.layers:
        parent = digest.chain(parent, diff_id)
        if layers.find(store, parent) is None:
            lacking.append(diff_id)
    return list(dict.fromkeys(lacking))


@dataclass(frozen=True)
class Deliver:
    """Load the archive that was sent, unless the image is here already, and give the image its name."""

    ref: str
    source: str
    delivery: Delivery

    def describe(self) -> str:
        """Return what it does."""
        return f"bring image {self.ref} from the {self.source}"

    def action(self) -> dict[str, Any]:
        """Return it for programs."""
        return {"delivered": self.ref, "source": self.source}

    def apply(self, store: Store) -> None:
        """Do it."""
        if self.delivery.archive:
            self._load(store, self.delivery.archive)
        if not digest.valid(self.ref):
            catalog.tag(store, self.delivery.image_id, self.ref)

    def _load(self, store: Store, path: str) -> None:
        if [image_id for image_id, _names in archive.sources(store, path)] != [self.delivery.image_id]:
            raise CorruptData(f"image {self.ref} was exchanged on the {self.source} while it was sent; try again")
        archive.load(store, path)
