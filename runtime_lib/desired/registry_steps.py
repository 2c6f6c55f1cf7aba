"""The steps that concern registries. Each imports its verb when it is applied."""

from __future__ import annotations

from ..records import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..registry.credentials import Credentials
    from ..store import Store


@dataclass(frozen=True)
class Pull:
    """Bring an image from its registry."""

    ref: str
    platform: str = ""

    def describe(self) -> str:
        """Return what it does."""
        return f"pull image {self.ref}"

    def action(self) -> dict[str, Any]:
        """Return it for programs."""
        return {"pulled_image": self.ref, "changed": True}

    def apply(self, store: Store) -> None:
        """Do it."""
        from ..images.pull import pull

        pull(store, self.ref, self.platform)


@dataclass(frozen=True)
class Push:
    """Send an image to its registry."""

    ref: str

    def describe(self) -> str:
        """Return what it does."""
        return f"push image {self.ref}"

    def action(self) -> dict[str, Any]:
        """Return it for programs."""
        return {"pushed_image": self.ref}

    def apply(self, store: Store) -> None:
        """Do it."""
        from ..images.push import push

        push(store, self.ref)


@dataclass(frozen=True)
class Login:
    """Keep the credentials for a registry in a file, or where that file says."""

    registry: str
    path: str
    credentials: Credentials  # it shows no secrets

    def describe(self) -> str:
        """Return what it does."""
        return f"keep the credentials for {self.registry} in {self.path}"

    def action(self) -> dict[str, Any]:
        """Return it for programs."""
        return {"logged_in": self.registry, "config_path": self.path}

    def apply(self, store: Store) -> None:
        """Do it."""
        from ..registry.credentials import save

        save(self.path, self.registry, self.credentials)


@dataclass(frozen=True)
class Logout:
    """Forget the credentials for a registry."""

    registry: str
    path: str

    def describe(self) -> str:
        """Return what it does."""
        return f"forget the credentials for {self.registry} in {self.path}"

    def action(self) -> dict[str, Any]:
        """Return it for programs."""
        return {"logged_out": self.registry, "config_path": self.path}

    def apply(self, store: Store) -> None:
        """Do it."""
        from ..registry.credentials import erase

        erase(self.path, self.registry)
