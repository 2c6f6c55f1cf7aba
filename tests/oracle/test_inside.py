"""A container sees the same under Docker and under Skiff, or the difference is documented."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Engine
from .differences import as_documented
from .probe import Probe
from .probes import OF_CGROUPS, PROBES


def commands(wanted: Probe) -> dict[str, str]:
    """Return what is asked in the same container."""
    several = OF_CGROUPS if wanted in OF_CGROUPS else PROBES
    return {probe.id: probe.command for probe in several if probe.options == wanted.options}


def marked(probe: Probe) -> Any:
    return pytest.param(probe, id=probe.id, marks=[pytest.mark.cgroups] if probe in OF_CGROUPS else [])


@pytest.mark.parametrize("probe", [marked(probe) for probe in PROBES])
def test_probe(probe: Probe, docker: Engine, skiff: Engine) -> None:
    theirs, ours = (
        probe.normalise(engine.answer(probe.options, commands(probe), probe.id)) for engine in (docker, skiff)
    )
    assert ours == theirs or (probe.difference and as_documented(probe.id, probe.difference, ours))


def test_there_are_enough_probes_and_each_has_a_name() -> None:
    names = [probe.id for probe in PROBES]
    assert len(names) >= 150
    assert len(set(names)) == len(names)
