from __future__ import annotations

import pytest

from runtime_lib.cli.stats import cpu_percent
from runtime_lib.containers.usage import Usage


def reading(cpu: int, host_cpu: int) -> Usage:
    return Usage(0, cpu, host_cpu, 4, 0, 0, 0, 0, 0, 0, {})


@pytest.mark.parametrize(
    ("before", "now", "percent"),
    [
        (reading(0, 0), reading(1_000_000_000, 4_000_000_000), 100.0),
        (reading(0, 0), reading(4_000_000_000, 4_000_000_000), 400.0),
        (reading(5, 1000), reading(5, 5000), 0.0),
        (None, reading(5, 5), 0.0),
        (reading(0, 5), reading(1, 5), 0.0),  # the same moment
        (reading(9, 0), reading(1, 5), 0.0),  # it was started anew
    ],
)
def test_processor_time_is_told_as_a_share_of_one(before: Usage | None, now: Usage, percent: float) -> None:
    assert cpu_percent(before, now) == percent
