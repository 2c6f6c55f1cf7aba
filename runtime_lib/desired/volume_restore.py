"""The `volume_restore` module's work."""

from __future__ import annotations

import os

from ..containers import volume_backup, volume_restore
from ..errors import InvalidSpec
from ..images.compression import PIECE
from ..records import dataclass
from .plan import Outcome, Plan, converge

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..containers.volume_restore import Staged
    from ..store import Store

WANTED = "skiff_volume_wanted"


@dataclass(frozen=True)
class Restore:
    """Put an archive that was unpacked in the place of a volume's content."""

    staged: Staged
    path: str

    def describe(self) -> str:
        """Return what it does."""
        return f"restore volume {self.staged.volume.name} from {self.path}"

    def action(self) -> dict[str, Any]:
        """Return it for programs."""
        return {"restored": self.staged.volume.name, "path": self.path}

    def apply(self, _store: Store) -> None:
        """Do it."""
        self.staged.put()


def perform(store: Store, options: dict[str, Any], check: bool) -> Outcome:
    """Have a volume hold what an archive holds; with `check`, only say whether it does."""
    name, path = options["volume"], options["path"]
    delivery = options["delivery"] or {}
    if options["where"] == "controller":
        if not delivery:
            raise InvalidSpec("where: controller needs the action plugin: run it as skiff.containers.volume_restore")
        if not options["force"] and volume_backup.digest(store, name) == delivery["digest"]:
            return Outcome({"volume": name})
        if not delivery.get("archive"):
            return Outcome({"volume": name, WANTED: True})
        path = delivery["archive"]
    if not os.path.isfile(path):
        raise InvalidSpec(f"path {path!r}: there is no such file on the host")
    with open(path, "rb") as file, volume_restore.staged(store, name, lambda: file.read(PIECE)) as staged:
        steps = plan(Restore(staged, options["path"]), staged.right and not options["force"])
        if steps.changed:
            volume_restore.check_idle(store, name)
        if not check:
            converge(store, steps)
    return Outcome({"volume": name}, steps, steps.changed)


def plan(step: Restore, right: bool) -> Plan:
    """Return the step that puts the archive's content into the volume, unless it is there. Pure."""
    if right:
        return Plan()
    return Plan((step,), {"content": "other"}, {"content": step.path})
