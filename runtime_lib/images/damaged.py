"""Layers that are known to be damaged: they count as lost, so that getting their image again makes them anew."""

from __future__ import annotations

from ..errors import InUse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..store import Store
    from .catalog import Image


def mark(store: Store, chain_id: str) -> None:
    """Let a layer count as lost, also for builds."""
    with store.transaction(durable=True) as db:
        db.execute("INSERT OR IGNORE INTO damaged_layers (chain_id) VALUES (?)", (chain_id,))
        db.execute("DELETE FROM build_cache WHERE chain_id = ?", (chain_id,))


def lost(store: Store, image: Image) -> bool:
    """Whether an image lacks something, so that its archive must be read again."""
    from . import layers

    return bool(image.damage) or any(layers.find(store, chain_id) is None for chain_id in image.layers)


def check_unused(store: Store, chain_id: str) -> None:
    """Raise InUse when a running container has this damaged layer mounted: its files cannot be exchanged below it."""
    if not store.row("SELECT 1 FROM damaged_layers WHERE chain_id = ?", (chain_id,)):
        return
    from ..monitor.state import read

    rows = store.query(
        "SELECT containers.id, name FROM containers JOIN image_layers USING (image_id)"
        " WHERE chain_id = ? ORDER BY name",
        (chain_id,),
    )
    for row in rows:
        if read(store.layout.bundle(row["id"]), store.layout.container(row["id"])).running():
            raise InUse(f"layer {chain_id} is damaged and container {row['name']} runs on it; stop it, then try again")
