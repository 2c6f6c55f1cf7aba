from __future__ import annotations

from typing import Any

import pytest

from runtime_lib.errors import InvalidSpec
from runtime_lib.oci import arguments, verb_update


def flags(*words: str) -> dict[str, Any]:
    options = vars(arguments.parser().parse_args(["update", *words, "id"]))
    return verb_update._of_flags(options)


def test_flags() -> None:
    assert flags("--memory", "32m", "--memory-swap", "-1", "--cpuset-cpus", "0-1") == {
        "memory": {"limit": 32 << 20, "swap": -1},
        "cpu": {"cpus": "0-1"},
    }


@pytest.mark.parametrize("words", [("--cpu-share", "many"), ("--memory", "m"), ("--pids-limit", "1k")])
def test_a_limit_that_is_no_number_is_refused(words: tuple[str, str]) -> None:
    with pytest.raises(InvalidSpec, match="whole number"):
        flags(*words)


def test_what_is_zero_stays_as_it_is() -> None:
    present = {"cpu": {"shares": 512, "period": 100}, "pids": {"limit": 5}}
    wanted = {"cpu": {"shares": 0, "quota": 50, "cpus": ""}, "pids": {"limit": 0}, "devices": [{"allow": True}]}
    merged, touched = verb_update.merge(present, wanted)
    assert touched == {"cpu": {"shares": 512, "period": 100, "quota": 50}}
    assert merged == {"cpu": touched["cpu"], "pids": {"limit": 5}}


def test_no_limit_of_memory_lifts_that_of_swap() -> None:
    merged, _touched = verb_update.merge({"memory": {"limit": 5, "swap": 6}}, {"memory": {"limit": -1}})
    assert merged == {"memory": {"limit": -1, "swap": -1}}
