"""The steps of a network's plan."""

from __future__ import annotations

from ..containers import renewal
from ..networks import catalog
from ..records import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..networks.spec import NetworkSpec
    from ..store import Store


@dataclass(frozen=True)
class Create:
    """Make a network."""

    spec: NetworkSpec

    def describe(self) -> str:
        """Return what it does."""
        return f"create network {self.spec.name}"

    def action(self) -> dict[str, Any]:
        """Return it for programs."""
        return {"created": self.spec.name, "driver": self.spec.driver}

    def apply(self, store: Store) -> None:
        """Do it."""
        catalog.create(store, self.spec)


@dataclass(frozen=True)
class Remove:
    """Remove a network."""

    name: str

    def describe(self) -> str:
        """Return what it does."""
        return f"remove network {self.name}"

    def action(self) -> dict[str, Any]:
        """Return it for programs."""
        return {"removed": self.name}

    def apply(self, store: Store) -> None:
        """Do it."""
        catalog.remove(store, self.name)


@dataclass(frozen=True)
class Renew:
    """Make a network anew; `members` are on it, and come back with their addresses, names and ports."""

    spec: NetworkSpec
    members: tuple[str, ...] = ()

    def describe(self) -> str:
        """Return what it does."""
        back = f", and connect {', '.join(self.members)} again" if self.members else ""
        return f"recreate network {self.spec.name}{back}"

    def action(self) -> dict[str, Any]:
        """Return it for programs."""
        return {"recreated": self.spec.name, "driver": self.spec.driver, "reconnected": list(self.members)}

    def apply(self, store: Store) -> None:
        """Do it."""
        renewal.renew(store, self.spec)


@dataclass(frozen=True)
class Recover:
    """Bring back a network and its containers after a task was killed while it made the network anew."""

    name: str

    def describe(self) -> str:
        """Return what it does."""
        return f"connect the containers of network {self.name} again, which a task left without it"

    def action(self) -> dict[str, Any]:
        """Return it for programs."""
        return {"recovered": self.name}

    def apply(self, store: Store) -> None:
        """Do it."""
        renewal.recover(store, self.name)
