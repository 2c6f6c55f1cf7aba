"""The `volume_backup` module's work."""

from __future__ import annotations

import os

from ..containers import volume_backup
from ..errors import InvalidSpec
from ..images import newfile
from ..records import dataclass
from ..volumes import catalog
from .plan import Outcome, Plan, converge

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..store import Store


@dataclass(frozen=True)
class Backup:
    """Write the archive."""

    volume: str
    path: str
    compression: str
    pause: bool
    where: str = "host"

    def describe(self) -> str:
        """Return what it does."""
        return f"back up volume {self.volume} to {self._place}"

    def action(self) -> dict[str, Any]:
        """Return it for programs."""
        return {"backed_up": self.volume, "path": self._place}

    @property
    def _place(self) -> str:
        return "the controller" if self.where == "controller" else self.path

    def apply(self, store: Store) -> None:
        """Do it."""
        with newfile.replacing(self.path) as descriptor:
            if self.where == "controller":  # whoever logs in fetches it, which need not be root
                owner = os.stat(os.path.dirname(self.path))
                os.fchown(descriptor, owner.st_uid, owner.st_gid)
            volume_backup.backup(store, self.volume, descriptor, self.compression, self.pause)


def perform(store: Store, options: dict[str, Any], check: bool) -> Outcome:
    """Have an archive hold what a volume holds; with `check`, only say whether it does."""
    if options["where"] == "controller":
        return _for_the_controller(store, options, check)
    path = options["path"]
    if not path.startswith("/"):
        raise InvalidSpec(f"path {path!r}: give an absolute path")
    volume = catalog.find(store, options["volume"])
    if not check or os.path.isdir(os.path.dirname(path)):
        newfile.check(path)  # in check mode, the folder may be what an earlier task would have made
    right = not options["force"] and volume_backup.same(store, volume.name, path)
    step = Backup(volume.name, path, options["compression"], options["pause"])
    steps = plan(step, os.path.lexists(path), right)
    if not check:
        converge(store, steps)
    return Outcome({"path": path}, steps, steps.changed)


def _for_the_controller(store: Store, options: dict[str, Any], check: bool) -> Outcome:
    """Write the archive where the action plugin fetches it, unless what it has already is the same."""
    delivery = options["delivery"]
    if not delivery:
        raise InvalidSpec("where: controller needs the action plugin: run it as skiff.containers.volume_backup")
    volume = catalog.find(store, options["volume"])
    right = not options["force"] and volume_backup.digest(store, volume.name) == delivery["digest"]
    step = Backup(volume.name, delivery["archive"], options["compression"], options["pause"], "controller")
    steps = plan(step, bool(delivery["digest"]), right)
    if not check:
        converge(store, steps)
    return Outcome({"path": options["path"]}, steps, steps.changed)


def plan(step: Backup, exists: bool, right: bool) -> Plan:
    """Return the step that writes the archive, unless it is right. Pure."""
    if right:
        return Plan()
    return Plan((step,), {"exists": exists}, {"exists": True, "volume": step.volume})
