"""The `container_commit` module's work."""

from __future__ import annotations

from ..errors import CorruptData
from ..records import dataclass
from .image_wish import full_name
from .plan import Outcome, Plan, converge

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..containers.catalog import Container
    from ..images.catalog import Image
    from ..store import Store


@dataclass(frozen=True)
class Commit:
    """Make the image."""

    container: str
    name: str
    author: str
    message: str
    changes: tuple[str, ...]
    pause: bool

    def describe(self) -> str:
        """Return what it does."""
        return f"make image {self.name} of container {self.container}"

    def action(self) -> dict[str, Any]:
        """Return it for programs."""
        return {"committed": self.container, "image": self.name}

    def apply(self, store: Store) -> None:
        """Do it."""
        from ..containers import commit

        commit.commit(
            store,
            self.container,
            self.name,
            author=self.author,
            message=self.message,
            changes=self.changes,
            pause=self.pause,
        )


def perform(store: Store, options: dict[str, Any], check: bool) -> Outcome:
    """Have an image hold what a container has changed; with `check`, only say whether it does."""
    from ..containers import catalog
    from ..images import catalog as images
    from ..images.inspect import describe

    container = catalog.find(store, options["container"])
    step = Commit(
        container.name,
        full_name(options["name"], options["tag"]),
        options["author"],
        options["comment"],
        tuple(options["changes"]),
        options["pause"],
    )
    steps = plan(step, wanted(store, container, step), present(store, step.name), options["force"])
    if not check:
        converge(store, steps)
    found = images.resolve(store, step.name)
    facts = {"image": describe(store, images.get(store, found)) if found else {}}
    return Outcome(facts, steps, steps.changed)


def wanted(store: Store, container: Container, step: Commit) -> dict[str, Any]:
    """Return what the image is to have. Raises InvalidSpec for a wrong change."""
    from ..containers import commit
    from ..images import catalog as images
    from ..images import changes

    base = images.get(store, container.image_id)
    config = changes.defaults(step.changes, commit.defaults(store, container, base))
    try:
        layer = commit.diff_id(store, container)
    except CorruptData:
        layer = "changes while it is read"
    diff_ids = [*base.config["rootfs"]["diff_ids"], *([layer] if layer else ())]
    return {"author": step.author, "message": step.message, "config": config, "layers": diff_ids}


def present(store: Store, name: str) -> dict[str, Any]:
    """Return the same of the image that has the name now."""
    from ..images import catalog as images

    found = images.resolve(store, name)
    return _told(images.get(store, found)) if found else {}


def plan(step: Commit, wished: dict[str, Any], found: dict[str, Any], force: bool) -> Plan:
    """Return the step that makes the image, unless it is there. Pure."""
    if found == wished and not force:
        return Plan()
    return Plan((step,), found or {"exists": False}, wished)


def _told(image: Image) -> dict[str, Any]:
    history = image.config.get("history")
    last = history[-1] if isinstance(history, list) and history else {}
    return {
        "author": image.config.get("author") or "",
        "message": last.get("comment") or "",
        "config": image.defaults,
        "layers": list(image.config["rootfs"]["diff_ids"]),
    }
