"""The `volume` module's work."""

from __future__ import annotations

from contextlib import nullcontext
from typing import NamedTuple

from ..errors import VolumeNotFound
from ..records import dataclass
from ..volumes import catalog
from ..volumes.spec import VolumeSpec
from .container_values import labels, numbers_as_texts
from .plan import PATIENCE, Outcome, Plan, converge

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..store import Store
    from .plan import Step


class Wish(NamedTuple):
    """What a task wants; `recreate` is always, never or options-changed; `given` are the options that it set."""

    spec: VolumeSpec
    state: str
    recreate: str
    given: frozenset[str]


def perform(store: Store, options: dict[str, Any], check: bool) -> Outcome:
    """Make or remove the volume as the options want it; with `check`, only say what would be done."""
    wanted = wish(options)
    with nullcontext() if check else store.lock("task", f"volume-{wanted.spec.name}", PATIENCE):
        steps = plan(wanted, _observe(store, wanted.spec.name))
        if not check:
            converge(store, steps)
    facts = {} if wanted.state == "absent" else {"volume": _inspected(store, wanted.spec.name)}
    return Outcome(facts, steps, steps.changed)


def wish(options: dict[str, Any]) -> Wish:
    """Return the wish of a task's options. Raises InvalidSpec."""
    spec = VolumeSpec(
        options["volume_name"],
        options.get("driver") or "local",
        numbers_as_texts(options.get("driver_options") or {}),
        labels(options.get("labels") or {}),
    )
    if options["state"] == "present":
        spec.check()
    given = frozenset(key for key, value in options.items() if value)
    return Wish(spec, options["state"], options.get("recreate") or "never", given)


def plan(wanted: Wish, present: VolumeSpec | None) -> Plan:
    """Return the steps. As in community.docker, differences count only with `recreate: options-changed`. Pure."""
    name = wanted.spec.name
    if wanted.state == "absent":
        return Plan((Remove(name),), {"exists": True}, {"exists": False}) if present else Plan()
    if present is None:
        return Plan((Create(wanted.spec),), {"exists": False}, {"exists": True})
    before, after = _differences(wanted, present)
    if wanted.recreate == "always" or (wanted.recreate == "options-changed" and before):
        steps: tuple[Step, ...] = (Remove(name), Create(wanted.spec))
        return Plan(steps, before or {"recreated": False}, after or {"recreated": True})
    return Plan()


def _differences(wanted: Wish, present: VolumeSpec) -> tuple[dict[str, Any], dict[str, Any]]:
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    if wanted.spec.driver != present.driver:
        before["driver"], after["driver"] = present.driver, wanted.spec.driver
    for key in ("driver_options", "labels"):
        there = getattr(present, key)
        for entry, value in getattr(wanted.spec, key).items():
            if there.get(entry) != value:
                before[f"{key}.{entry}"], after[f"{key}.{entry}"] = there.get(entry), value
    return before, after


def _observe(store: Store, name: str) -> VolumeSpec | None:
    try:
        return catalog.find(store, name).spec
    except VolumeNotFound:
        return None


def _inspected(store: Store, name: str) -> dict[str, Any]:
    try:
        return catalog.inspect(store, name)
    except VolumeNotFound:
        return {}


@dataclass(frozen=True)
class Create:
    """Make a volume."""

    spec: VolumeSpec

    def describe(self) -> str:
        """Return what it does."""
        return f"create volume {self.spec.name}"

    def action(self) -> dict[str, Any]:
        """Return it for programs."""
        return {"created": self.spec.name}

    def apply(self, store: Store) -> None:
        """Do it."""
        catalog.create(store, self.spec)


@dataclass(frozen=True)
class Remove:
    """Remove a volume and what is in it."""

    name: str

    def describe(self) -> str:
        """Return what it does."""
        return f"remove volume {self.name}"

    def action(self) -> dict[str, Any]:
        """Return it for programs."""
        return {"removed": self.name}

    def apply(self, store: Store) -> None:
        """Do it."""
        catalog.remove(store, self.name)
