"""The `volume_copy` module's work: the content of a volume of another host, which the controller's side brings.

The action plugin asks twice: whether the content is there already (it names the digest that the other host has), and,
if not, to put the archive that it has sent.
"""

from __future__ import annotations

from contextlib import nullcontext

from ..containers import volume_backup
from ..containers.volume_restore import check_idle, staged
from ..errors import CorruptData, InvalidSpec, VolumeNotFound
from ..images.compression import PIECE
from ..records import dataclass
from ..volumes import catalog
from ..volumes.spec import VolumeSpec
from .plan import PATIENCE, Outcome, Plan, converge

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..store import Store

WANTED = "skiff_volume_wanted"


@dataclass(frozen=True)
class Copy:
    """Fill a volume from the archive that was sent; make it first where `new`, and leave none of it on a failure."""

    volume: str
    source: str
    archive: str
    new: bool

    def describe(self) -> str:
        """Return what it does."""
        return f"copy volume {self.volume} from {self.source}"

    def action(self) -> dict[str, Any]:
        """Return it for programs."""
        return {"copied": self.volume, "source": self.source}

    def apply(self, store: Store) -> None:
        """Do it."""
        if self.new:
            catalog.create(store, VolumeSpec(self.volume))
        try:
            self._fill(store)
        except (CorruptData, OSError):
            if self.new:
                catalog.remove(store, self.volume)
            raise

    def _fill(self, store: Store) -> None:
        with open(self.archive, "rb") as file, staged(store, self.volume, lambda: file.read(PIECE)) as content:
            content.put()


def perform(store: Store, options: dict[str, Any], check: bool) -> Outcome:
    """Have a volume hold what one of another host holds; with `check`, only say whether it does.

    Without an archive nothing is touched: what has to be done is told to the controller's side, which sends one.
    """
    VolumeSpec(options["volume"]).check()
    delivery = options["delivery"]
    if not delivery:
        raise InvalidSpec("volume_copy needs its action plugin: run it as skiff.containers.volume_copy")
    archive = delivery.get("archive") or ""
    with nullcontext() if check or not archive else store.lock("task", f"volume-{options['volume']}", PATIENCE):
        present = _digest(store, options["volume"])
        step = Copy(options["volume"], options["source_host"], archive, present is None)
        steps = plan(step, present, delivery["digest"], options["force"])
        if steps.changed and present is not None:
            check_idle(store, options["volume"])
        if archive and not check:
            converge(store, steps)
    told = {WANTED: True} if steps.changed and not archive and not check else {}
    return Outcome({"volume": options["volume"], **told}, steps, steps.changed)


def plan(step: Copy, present: str | None, wanted: str, force: bool) -> Plan:
    """Return the step that brings the content, unless it is there; `present` is None without a volume. Pure."""
    if present == wanted and not force:
        return Plan()
    before = {"exists": False} if present is None else {"content": present}
    return Plan((step,), before, {"content": wanted})


def _digest(store: Store, name: str) -> str | None:
    try:
        return volume_backup.digest(store, name, holes=False)
    except VolumeNotFound:
        return None
