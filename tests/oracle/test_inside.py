"""A container sees the same under Docker and under Skiff, or the difference is documented."""

from __future__ import annotations

import pytest

from .conftest import Engine
from .probe import Probe, documented
from .probes import PROBES


def commands(options: tuple[str, ...]) -> dict[str, str]:
    return {probe.id: probe.command for probe in PROBES if probe.options == options}


@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe.id)
def test_probe(probe: Probe, docker: Engine, skiff: Engine) -> None:
    theirs, ours = (
        probe.normalise(engine.answer(probe.options, commands(probe.options), probe.id)) for engine in (docker, skiff)
    )
    assert ours == theirs or documented(probe.difference)


def test_there_are_enough_probes_and_each_has_a_name() -> None:
    names = [probe.id for probe in PROBES]
    assert len(names) >= 150
    assert len(set(names)) == len(names)
