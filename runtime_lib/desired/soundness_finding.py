"""One damaged object of a store."""

from __future__ import annotations

from ..records import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .plan import Step


@dataclass(frozen=True)
class Finding:
    """What it is, its id or name, what is wrong with it, and what helps.

    `repair` is None where only its owner can decide; `forced` is a repair that loses what a container has written.
    """

    kind: str
    name: str
    cause: str
    advice: str = ""
    repair: Step | None = None
    forced: Step | None = None

    def sentence(self) -> str:
        """Return it as one line."""
        return f"{self.kind} {self.name}: {self.cause}" + (f"; {self.advice}" if self.advice else "")
