"""Remove everything that an installation has on a host."""

from __future__ import annotations

import os
from typing import NamedTuple

from ..containers import catalog as containers
from ..containers.reconcile import remove_folder
from ..containers.remove import remove as remove_container
from ..errors import ContainerNotFound, VolumeNotFound
from ..networks import catalog as networks
from ..records import dataclass
from ..volumes import catalog as volumes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from ..store import Store

_ALWAYS_THERE = ("host", "none")  # networks that are no kernel objects


class Object(NamedTuple):
    """A container, network or volume."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


def objects(store: Store) -> Iterator[Object]:
    """Return what holds something of the kernel or of users, in the order in which it can be removed."""
    for container in containers.listing(store):
        yield Object("container", container.name)
    for network in sorted(networks.listing(store), key=lambda network: network.spec.config_only):
        if network.name not in _ALWAYS_THERE:
            yield Object("network", network.name)
    for volume in volumes.listing(store):
        if not volume.anonymous:  # those go with their containers
            yield Object("volume", volume.name)


@dataclass(frozen=True)
class Remove:
    """Remove one object, whatever state it is in."""

    what: Object

    def describe(self) -> str:
        """Return what it does."""
        return f"remove {self.what}"

    def action(self) -> dict[str, Any]:
        """Return it for programs."""
        return {"removed": str(self.what)}

    def apply(self, store: Store) -> None:
        """Do it."""
        kind, name = self.what
        if kind == "network":
            networks.remove(store, name)
            return
        try:
            if kind == "container":
                remove_container(store, name, force=True, volumes=True)
            else:
                volumes.remove(store, name)
        except (ContainerNotFound, VolumeNotFound):
            return  # a container with auto_remove has ended, an unnamed volume has gone with its container


@dataclass(frozen=True)
class Clear:
    """Remove images, the database, the installed library and what is in memory."""

    def describe(self) -> str:
        """Return what it does."""
        return "remove all images and the library"

    def action(self) -> dict[str, Any]:
        """Return it for programs."""
        return {"removed": "library"}

    def apply(self, store: Store) -> None:
        """Do it."""
        store.close()
        for folder in (store.layout.run, store.layout.root):
            remove_folder(*os.path.split(folder))
