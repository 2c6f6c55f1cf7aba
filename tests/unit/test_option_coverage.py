"""Each option that docker_container has, and that counts here, is compared with Docker or shown by a named test."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.oracle.option_coverage import ELSEWHERE, FLAGS, WITHOUT
from tests.oracle.probes import PROBES

ROOT = Path(__file__).parents[2]
PEER = json.loads((ROOT / "tools" / "migration" / "docker_container.json").read_text())
COUNTING = {
    name for name, entry in PEER.items() if not set(name) & {".", "="} and entry["verdict"] in ("same", "better")
}
USED = {word for probe in PROBES for word in probe.options}


def test_each_option_is_in_one_place() -> None:
    assert set(FLAGS) | set(ELSEWHERE) | set(WITHOUT) == COUNTING
    assert len(FLAGS) + len(ELSEWHERE) + len(WITHOUT) == len(COUNTING)


@pytest.mark.parametrize("option", sorted(FLAGS))
def test_a_probe_has_the_option(option: str) -> None:
    assert FLAGS[option] in USED


@pytest.mark.parametrize("option", sorted(ELSEWHERE))
def test_the_named_test_is_there(option: str) -> None:
    path, _unused, function = ELSEWHERE[option].partition("::")
    assert f"def {function}(" in (ROOT / path).read_text()
