"""What a look at the host and a wish lead to: a list of steps, each of which can say what it does and do it.

Check mode, diff mode and a dry run are the same list, not applied.
"""

from __future__ import annotations

from typing import Protocol

from ..records import dataclass, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..store import Store


PATIENCE = 600.0  # seconds: another task that is at the same object may take as long


class Step(Protocol):
    """One change. A step is a frozen dataclass: it decides nothing and owns nothing that outlives `apply`."""

    def describe(self) -> str:
        """Return what it does, in words that may stand in a playbook's output."""

    def action(self) -> dict[str, Any]:
        """Return the same for programs, as community.docker's modules have it in `actions`."""

    def apply(self, store: Store) -> None:
        """Do it. Raises SkiffError or OSError, and then nothing half-made is left."""


@dataclass(frozen=True)
class Plan:
    """The steps from what is to what is wanted; `before` and `after` show both, for diff mode, by option.

    `details` are further keys of the diff, for programs that were written for community.docker's.
    """

    steps: tuple[Step, ...] = ()
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def changed(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.steps)

    @property
    def actions(self) -> list[dict[str, Any]]:
        """What each step does, for programs."""
        return [step.action() for step in self.steps]


@dataclass(frozen=True)
class Outcome:
    """What a task tells its user: `facts` are the keys of its result, `failed` is a sentence when it went wrong."""

    facts: dict[str, Any] = field(default_factory=dict)
    plan: Plan = field(default_factory=Plan)
    changed: bool = False
    warnings: tuple[str, ...] = ()
    failed: str | None = None


def converge(store: Store, plan: Plan) -> None:
    """Apply all steps in their order."""
    for step in plan.steps:
        step.apply(store)
