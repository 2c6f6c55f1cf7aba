"""`skiff check`."""

from __future__ import annotations

import sys

from . import opened
from .options import FLAG, TEXT, Option, Usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..desired.soundness_finding import Finding
    from ..store import Store

_CHECK = Usage(
    "check",
    "[OPTIONS]",
    "Say what of the store is damaged; with --repair put it right",
    (
        Option("force", "f", FLAG, "With --repair, also remove containers that cannot start again"),
        Option("quick", "q", FLAG, "Do not read the files of the layers"),
        Option("repair", "r", FLAG, "Remove what is damaged and not needed by a container"),
        Option("settings", "", TEXT, "Only say what is wrong with a file that is to be /etc/skiff/host.json"),
    ),
    0,
    0,
)


def check(words: list[str]) -> int:
    """Print a line for each damaged object; return 1 when one is left."""
    parsed = _CHECK.parse(words)
    if parsed.settings is not None:
        return _check_settings(parsed.settings)
    from ..desired.soundness import observe

    store = opened.store()
    found = observe(store, parsed.quick)
    _print(found)
    if parsed.repair and found:
        found = _repaired(store, found, parsed.force, parsed.quick)
    elif found:
        sys.stderr.write(f"skiff: {len(found)} damaged; --repair removes what no container needs\n")
    return 1 if found else 0


def _check_settings(path: str) -> int:
    from ..networks.pools import read

    read(path)
    return 0


def _repaired(store: Store, found: Sequence[Finding], force: bool, quick: bool) -> list[Finding]:
    from ..desired.soundness import observe, plan

    for step in plan(found, force):
        step.apply(store)
        sys.stdout.write(f"{step.describe()}: done\n")
    left = observe(store, quick)
    if left:
        sys.stdout.write("still damaged:\n")
        _print(left)
    return left


def _print(found: Sequence[Finding]) -> None:
    for finding in found:
        sys.stdout.write(f"{finding.sentence()}\n")
