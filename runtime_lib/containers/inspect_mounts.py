"""The part `Mounts` of `docker inspect`, which `ps` shows, too: so it imports nothing of the rest."""

from __future__ import annotations

from ..store import Store
from .catalog import Container

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .parts import Mount

_HEX = set("0123456789abcdef")


def mounts(store: Store, container: Container) -> list[dict[str, Any]]:
    """Return the binds and volumes of a container, by their places in it."""
    found = []
    for mount in sorted(container.spec.mounts, key=lambda mount: mount.target):
        entry: dict[str, Any] = {"Type": mount.kind}
        source = mount.source or ""
        if mount.kind == "volume":
            entry.update({"Name": source, "Driver": "local"})
            source = f"{store.layout.volume(source)}/_data"
        shared = "z" if mount.kind == "volume" and not is_anonymous(mount) else ""  # what Docker's command asks for
        entry.update({"Source": source, "Destination": mount.target, "Mode": "ro" if mount.read_only else shared})
        propagation = mount.propagation or ("rprivate" if mount.kind == "bind" else "")
        found.append({**entry, "RW": not mount.read_only, "Propagation": propagation})
    return found


def is_anonymous(mount: Mount) -> bool:
    """Whether a mount is a volume that got its name by chance."""
    name = mount.source or ""
    return mount.kind == "volume" and (not name or (len(name) == 64 and set(name) <= _HEX))
