"""Only what a user asked for can be lacking."""

from __future__ import annotations

from typing import Any

import pytest

from runtime_lib.containers import host_limits
from runtime_lib.containers.parts import Throttle
from runtime_lib.containers.spec import ContainerSpec
from runtime_lib.errors import HostLacks


def test_processors_that_are_there() -> None:
    host_limits.check_available("CPUs", "0-2,7", "0-3,7")
    for requested in ("4", "0-4", "7-9", "0-9999999999", "9999999999"):
        with pytest.raises(HostLacks, match=f"requested {requested}, available 0-3,7"):
            host_limits.check_available("CPUs", requested, "0-3,7")


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        ({}, {}),
        ({"pids_limit": 5}, {"pids": {"limit": 5}}),
        ({"memory": 4096}, {"memory": {"limit": 4096}}),
        ({"memory": 4096, "memory_swap": 8192}, {"memory": {"limit": 4096, "swap": 8192}}),
        ({"cpus": 0.5, "cpuset_cpus": "0"}, {"cpu": {"period": 100000, "quota": 50000, "cpus": "0"}}),
        ({"blkio_weight": 10}, {"blockIO": {"weight": 10}}),
        (
            {"device_read_bps": (Throttle("/dev/x", 5),), "blkio_weight_device": (Throttle("/dev/x", 20),)},
            {
                "blockIO": {
                    "throttleReadBpsDevice": [{"major": 0, "minor": 0, "rate": 5}],
                    "weightDevice": [{"major": 0, "minor": 0, "weight": 20}],
                }
            },
        ),
    ],
)
def test_defaults_are_not_asked_for(given: dict[str, Any], asked: dict[str, Any]) -> None:
    assert host_limits.asked(ContainerSpec(image="x", **given)) == asked
