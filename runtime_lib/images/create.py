"""Create images from a configuration and layers."""

from __future__ import annotations

import json
import time

from .. import strictjson
from . import catalog, digest, document, reference, times

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence
    from typing import Any

    from ..store import Store
    from .catalog import Image


def image(store: Store, config: dict[str, Any], chain_ids: Sequence[str], names: Sequence[str] = ()) -> Image:
    """Create an image and give it names, which are taken from other images; return it.

    `config` is an OCI image configuration (image-spec, config.md); `chain_ids` are its layers from the lowest to the
    top one. The image's id is the digest of the configuration, so the same configuration is the same image.
    Raises CorruptData for a configuration that is none, InvalidSpec for a wrong name.
    """
    return from_bytes(store, json.dumps(config, separators=(",", ":"), ensure_ascii=False).encode(), chain_ids, names)


def from_bytes(store: Store, data: bytes, chain_ids: Sequence[str], names: Sequence[str] = ()) -> Image:
    """Create an image from its configuration as it was stored elsewhere, byte for byte."""
    parsed = strictjson.parse_object(data, "the image's configuration")
    document.check(parsed, "the image's configuration")
    image_id = digest.of(data)
    full = [reference.new_name(name).full for name in names]
    created = times.nanoseconds(parsed.get("created"))
    with store.transaction(durable=True) as db:
        db.execute(
            "INSERT INTO images (id, config, size, created) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (id) DO UPDATE SET config = excluded.config",  # a damaged one is whole again
            (image_id, data.decode(), _size(db, set(chain_ids)), created or time.time_ns()),
        )
        db.execute("DELETE FROM removed_images WHERE image_id = ?", (image_id,))
        for position, chain_id in enumerate(chain_ids):
            values = (image_id, position, chain_id)
            db.execute("INSERT OR IGNORE INTO image_layers (image_id, position, chain_id) VALUES (?, ?, ?)", values)
        for name in full:
            db.execute("INSERT OR REPLACE INTO image_names (name, image_id) VALUES (?, ?)", (name, image_id))
    image = catalog.get(store, image_id)
    for name in full:
        catalog.note(store, "tag", image, reference.parse(name).familiar)
    return image


def _size(db: sqlite3.Connection, chain_ids: set[str]) -> int:
    """Return the bytes of these layers."""
    marks = ",".join("?" * len(chain_ids))
    query = f"SELECT COALESCE(SUM(size), 0) FROM layers WHERE chain_id IN ({marks})"
    return int(db.execute(query, tuple(chain_ids)).fetchone()[0])
