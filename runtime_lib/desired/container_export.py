"""The `container_export` module's work."""

from __future__ import annotations

import os

from ..errors import InvalidSpec
from ..records import dataclass
from .plan import Outcome, Plan, converge

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..store import Store


@dataclass(frozen=True)
class Export:
    """Write the archive."""

    container: str
    path: str

    def describe(self) -> str:
        """Return what it does."""
        return f"export the file system of container {self.container} to {self.path}"

    def action(self) -> dict[str, Any]:
        """Return it for programs."""
        return {"exported": self.container, "path": self.path}

    def apply(self, store: Store) -> None:
        """Do it."""
        from ..containers import export
        from ..images import newfile

        with newfile.replacing(self.path) as descriptor:
            export.export(store, self.container, descriptor)


def perform(store: Store, options: dict[str, Any], check: bool) -> Outcome:
    """Have an archive be a container's file system; with `check`, only say whether it is."""
    from ..containers import catalog, export
    from ..images import newfile

    container, path = catalog.find(store, options["container"]), options["path"]
    if not path.startswith("/"):
        raise InvalidSpec(f"path {path!r}: give an absolute path")
    if not check or os.path.isdir(os.path.dirname(path)):
        newfile.check(path)  # in check mode, the folder may be what an earlier task would have made
    right = not options["force"] and export.same(store, container.id, path)
    steps = plan(container.name, path, os.path.lexists(path), right)
    if not check:
        converge(store, steps)
    return Outcome({"path": path}, steps, steps.changed)


def plan(container: str, path: str, exists: bool, right: bool) -> Plan:
    """Return the step that writes the archive, unless it is right. Pure."""
    if right:
        return Plan()
    return Plan((Export(container, path),), {"exists": exists}, {"exists": True, "container": container})
