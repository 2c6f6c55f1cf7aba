"""Whether the store is sound, and how to put it right: what `skiff check` does.

No look trusts the store: each copes with rows, files and folders that are damaged or gone.
"""

from __future__ import annotations

from .soundness_images import images, layers, strays
from .soundness_objects import containers, database, networks, rows, volumes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..store import Store
    from .plan import Step
    from .soundness_finding import Finding


def observe(store: Store, quick: bool = False) -> list[Finding]:
    """Return everything that is damaged. `quick` does not read the files of the layers, which may take minutes.

    Raises CorruptData when the database cannot be read at all.
    """
    bad = layers(store, quick)
    found = [*database(store), *bad, *images(store, {finding.name for finding in bad}), *strays(store)]
    return [*found, *containers(store), *volumes(store), *networks(store), *rows(store)]


def plan(findings: Sequence[Finding], force: bool = False) -> list[Step]:
    """Return the steps that put right what can be; with `force` also those that lose what a container has written."""
    chosen = [finding.repair or (finding.forced if force else None) for finding in findings]
    return [step for step in chosen if step is not None]
