"""The power is cut in the middle of create, remove, load, rmi and build: nothing that was reported is lost.

CUTS is the number of cuts for each operation (4), SEED repeats the moments of an earlier run, which prints its own.
"""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Iterator

import pytest

from tests.support.powercut import Cut, Lab
from tests.vm.guest.steps import STEPS

CUTS = int(os.environ.get("CUTS") or 4)
SEED = int(os.environ.get("SEED") or random.randrange(1 << 32))
DRIVES = 20  # as many as one machine has slots for

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


@pytest.fixture(scope="module")
def found() -> dict[str, list[tuple[Cut, list[str]]]]:
    """Each operation's cuts, and what was lost by each."""
    chosen = random.Random(SEED)
    with Lab() as lab:
        cuts = [cut for operation in STEPS for cut in _cuts(lab, operation, chosen)]
        result: dict[str, list[tuple[Cut, list[str]]]] = {}
        for first in range(0, len(cuts), DRIVES):
            some = cuts[first : first + DRIVES]
            for cut, said in zip(some, lab.look(some)):
                result.setdefault(cut.operation, []).append((cut, said))
    return result


def _cuts(lab: Lab, operation: str, chosen: random.Random) -> Iterator[Cut]:
    """The first cut is at the end of the operation, the others evenly spread over the time that this took."""
    yield lab.cut(operation, None)
    parts = CUTS - 1
    for part in range(parts):
        yield lab.cut(operation, lab.durations[operation] * (part + chosen.random()) / parts)


@pytest.mark.parametrize("operation", STEPS)
def test_nothing_is_lost(operation: str, found: dict[str, list[tuple[Cut, list[str]]]]) -> None:
    for cut, said in found[operation]:
        sys.stdout.write(f"{operation}, cut {cut.moment}: {len(cut.reported)} of {len(STEPS[operation])} reported\n")
        sys.stdout.writelines(f"  {sentence}\n" for sentence in said)
    sys.stdout.write(f"SEED={SEED} CUTS={CUTS}\n")
    assert len(found[operation]) == CUTS
    assert [(cut.moment, said) for cut, said in found[operation] if said] == []
