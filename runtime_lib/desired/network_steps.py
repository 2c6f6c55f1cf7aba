"""The steps of a network's plan."""

from __future__ import annotations

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
