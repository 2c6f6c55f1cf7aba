"""The part `Mounts` of `docker inspect`, which `ps` shows, too: so it imports nothing of the rest."""

from __future__ import annotations

from ..store import Store
from .catalog import Container

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .parts import Mount


def mounts(store: Store, container: Container) -> list[dict[str, Any]]:
    """Return the binds and volumes of a container, by their places in it."""
    found = []
    for mount in sorted(container.spec.mounts, key=lambda mount: mount.target):
        entry: dict[str, Any] = {"Type": mount.kind}
        source = mount.source or ""
        if mount.kind == "volume":
            entry.update({"Name": source, "Driver": "local"})
            source = f"{store.layout.volume(source)}/_data"
        entry.update({"Source": source, "Destination": mount.target, "Mode": _mode(mount)})
        propagation = mount.propagation or ("rprivate" if mount.kind == "bind" else "")
        found.append({**entry, "RW": not mount.read_only, "Propagation": propagation})
    return found


def _mode(mount: Mount) -> str:
    # Docker has no options for the long form, but has volumes labelled that were asked for without any.
    text = "" if mount.long or mount.short is None else mount.told.get("mode", mount.mode())
    labelled = mount.kind == "volume" and (mount.long or (mount.short and not mount.anonymous))
    return text or ("z" if labelled else "")
