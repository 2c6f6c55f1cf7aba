from __future__ import annotations

from typing import Any

import pytest

from runtime_lib.containers.spec import ContainerSpec
from runtime_lib.containers.update import complete, merged

GIB = 1 << 30


@pytest.mark.parametrize(
    ("present", "changes", "follows"),
    [
        ({"memory": GIB, "memory_swap": GIB}, {"memory": 2 * GIB}, {"memory_swap": 4 * GIB}),
        ({"memory": GIB, "memory_swap": GIB}, {"memory": GIB // 2}, {}),
        ({"memory": GIB, "memory_swap": -1}, {"memory": 2 * GIB}, {}),
        ({"memory": GIB, "memory_swap": GIB}, {"memory": 2 * GIB, "memory_swap": 3 * GIB}, {}),
        ({"cpu_quota": 5000}, {"cpus": 1.5}, {"cpu_period": 0, "cpu_quota": 0}),
        ({"cpus": 1.5}, {"cpu_quota": 5000}, {"cpus": 0.0}),
        ({"restart_policy": "on-failure", "restart_retries": 3}, {"restart_policy": "always"}, {"restart_retries": 0}),
        ({}, {"restart_policy": "on-failure", "restart_retries": 3}, {}),
        ({}, {"cpu_shares": 5}, {}),
    ],
)
def test_what_follows_from_a_change(present: dict[str, Any], changes: dict[str, Any], follows: dict[str, Any]) -> None:
    assert complete(ContainerSpec(image="x", **present), changes) == {**changes, **follows}


def test_limits_take_the_place_of_those_before_and_devices_stay() -> None:
    rates = {"throttleReadBpsDevice": [{"major": 8, "minor": 0, "rate": 5}]}
    present = {"devices": [1], "cpu": {"quota": 5}, "memory": {"limit": 5}, "blockIO": {"weight": 10, **rates}}
    assert merged(present, {"memory": {"limit": 6}, "pids": {"limit": 7}}) == {
        "devices": [1],
        "memory": {"limit": 6},
        "pids": {"limit": 7},
        "blockIO": rates,
    }
