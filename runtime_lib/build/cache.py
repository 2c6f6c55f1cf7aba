"""Which layer a step has made before: found by what it depends on, never by its place in an image.

Only steps of our own builds are in here, so no image from elsewhere can pose as the outcome of one (CVE-2024-24557).
"""

from __future__ import annotations

import hashlib
import json
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..store import Store


def key(parent: str | None, *material: object) -> str:
    """Return the key of a step on top of the chain `parent`."""
    text = json.dumps(["1", parent, *material], sort_keys=True)
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()


def find(store: Store, step_key: str) -> tuple[str | None] | None:
    """Return (chain id,) of the layer that a step has made, (None,) when it changed nothing; None when unknown."""
    row = store.row("SELECT chain_id FROM build_cache WHERE key = ?", (step_key,))
    return (row["chain_id"],) if row else None


def remember(store: Store, step_key: str, chain_id: str | None) -> None:
    """Note the layer of a step. It is forgotten when the layer is removed."""
    with store.transaction() as db:
        values = (step_key, chain_id, time.time_ns())
        db.execute("INSERT OR REPLACE INTO build_cache (key, chain_id, used) VALUES (?, ?, ?)", values)
