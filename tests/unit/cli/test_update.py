from __future__ import annotations

from typing import Any

import pytest

from runtime_lib.cli.update import _USAGE, changed
from runtime_lib.errors import InvalidSpec


@pytest.mark.parametrize(
    ("words", "changes"),
    [
        (["-m", "64m", "--memory-swap", "-1"], {"memory": 64 << 20, "memory_swap": -1}),
        (["--memory-reservation=32m"], {"memory_reservation": 32 << 20}),
        (["--cpus", "1.5"], {"cpus": 1.5}),
        (["-c", "512", "--cpuset-cpus", "0", "--cpuset-mems", "0"],
         {"cpu_shares": 512, "cpuset_cpus": "0", "cpuset_mems": "0"}),
        (["--cpu-period", "50000", "--cpu-quota", "-1"], {"cpu_period": 50000, "cpu_quota": -1}),
        (["--cpu-rt-period", "5", "--cpu-rt-runtime", "4"], {"cpu_rt_period": 5, "cpu_rt_runtime": 4}),
        (["--pids-limit", "0"], {"pids_limit": 0}),
        (["--blkio-weight", "300"], {"blkio_weight": 300}),
        (["--restart", "on-failure:3"], {"restart_policy": "on-failure", "restart_retries": 3}),
        (["--restart", "no", "--blkio-weight", "0", "--cpuset-cpus", "", "-m", "0"],
         {"restart_policy": "no", "restart_retries": 0}),
    ],
)  # fmt: skip
def test_options(words: list[str], changes: dict[str, Any]) -> None:
    assert changed(_USAGE.parse([*words, "web"]).values) == changes


@pytest.mark.parametrize("words", [[], ["--cpu-shares", "0"], ["--cpus", "many"], ["-m", "x"], ["--restart", "no:3"]])
def test_what_changes_nothing_or_makes_no_sense_is_refused(words: list[str]) -> None:
    with pytest.raises(InvalidSpec):
        changed(_USAGE.parse([*words, "web"]).values)
