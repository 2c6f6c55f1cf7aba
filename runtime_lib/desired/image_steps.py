"""The steps of an image's plan. Each imports its verb when it is applied."""

from __future__ import annotations

from ..errors import InvalidSpec
from ..records import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..build.spec import BuildSpec
    from ..images.bootstrap import Recipe
    from ..store import Store


@dataclass(frozen=True)
class Build:
    """Build an image from a Dockerfile; `reason` is the first step that has to be run, "" where that is not known."""

    spec: BuildSpec
    reason: str = ""

    def describe(self) -> str:
        """Return what it does."""
        why = f" ({self.reason})" if self.reason else ""
        return f"build image {', '.join(self.spec.names)} from {self.spec.path}{why}"

    def action(self) -> dict[str, Any]:
        """Return it for programs."""
        why = {"because": self.reason} if self.reason else {}
        return {"built": list(self.spec.names), "path": self.spec.path, **why}

    def apply(self, store: Store) -> None:
        """Do it."""
        from ..build.build import build

        build(store, self.spec)


@dataclass(frozen=True)
class Load:
    """Load the images of an archive; afterwards `ref` must be among them."""

    ref: str
    path: str

    def describe(self) -> str:
        """Return what it does."""
        return f"load image {self.ref} from {self.path}"

    def action(self) -> dict[str, Any]:
        """Return it for programs."""
        return {"loaded": self.ref, "path": self.path}

    def apply(self, store: Store) -> None:
        """Do it."""
        from ..images import archive, catalog

        loaded = archive.load(store, self.path)
        if len(loaded) == 1 and not loaded[0].names:
            catalog.tag(store, loaded[0].image.id, self.ref)


def check_archive(ref: str, path: str, sources: list[tuple[str, tuple[str, ...]]]) -> str | None:
    """Return the id that `ref` will have after loading an archive with these (id, names). Pure.

    An archive of one image without a name gives it `ref`. Raises InvalidSpec when the archive has other images only.
    """
    if len(sources) == 1 and (not sources[0][1] or sources[0][0] == ref):
        return sources[0][0]
    for image_id, names in sources:
        if ref == image_id or ref in names:
            return image_id
    there = ", ".join(sorted(name for _id, names in sources for name in names)) or "images without a name"
    raise InvalidSpec(f"the archive {path} does not have the image {ref}; it has {there}")


@dataclass(frozen=True)
class ImportRootfs:
    """Make an image from the tar of a root file system."""

    ref: str
    path: str
    changes: tuple[str, ...] = ()

    def describe(self) -> str:
        """Return what it does."""
        return f"import image {self.ref} from {self.path}"

    def action(self) -> dict[str, Any]:
        """Return it for programs."""
        return {"imported": self.ref, "path": self.path}

    def apply(self, store: Store) -> None:
        """Do it."""
        from ..images.rootfs import import_rootfs

        with open(self.path, "rb") as file:
            import_rootfs(store, file, self.ref, self.changes)


@dataclass(frozen=True)
class Bootstrap:
    """Make a base image from the packages of a distribution."""

    recipe: Recipe

    def describe(self) -> str:
        """Return what it does."""
        return f"make image {self.recipe.name} from the packages of {self.recipe.suite}"

    def action(self) -> dict[str, Any]:
        """Return it for programs."""
        return {"bootstrapped": self.recipe.name, "suite": self.recipe.suite}

    def apply(self, store: Store) -> None:
        """Do it."""
        from ..images.bootstrap import bootstrap

        bootstrap(store, self.recipe)


@dataclass(frozen=True)
class Tag:
    """Give an image one more name."""

    ref: str
    name: str

    def describe(self) -> str:
        """Return what it does."""
        return f"tag image {self.ref} as {self.name}"

    def action(self) -> dict[str, Any]:
        """Return it for programs."""
        return {"tagged": self.name, "image": self.ref}

    def apply(self, store: Store) -> None:
        """Do it."""
        from ..images import catalog

        catalog.tag(store, self.ref, self.name)


@dataclass(frozen=True)
class Remove:
    """Remove a name of an image, and with the last one the image."""

    ref: str
    force: bool = False

    def describe(self) -> str:
        """Return what it does."""
        return f"remove image {self.ref}"

    def action(self) -> dict[str, Any]:
        """Return it for programs."""
        return {"removed": self.ref, "force": self.force}

    def apply(self, store: Store) -> None:
        """Do it."""
        from ..images import catalog

        catalog.remove(store, self.ref, self.force)
