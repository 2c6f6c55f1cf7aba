from __future__ import annotations

import pytest

from runtime_lib.monitor.restart import RestartPolicy


def test_pauses_double_up_to_a_minute() -> None:
    policy = RestartPolicy("always", 0)
    pauses = [policy.pause(0, 0.0) for _ in range(12)]
    assert pauses[:4] == [0.1, 0.2, 0.4, 0.8]
    assert pauses[-2:] == [60.0, 60.0]
    assert policy.count == 12


def test_a_long_run_starts_over() -> None:
    policy = RestartPolicy("unless-stopped", 0)
    assert [policy.pause(1, 0.0), policy.pause(1, 0.0), policy.pause(1, 10.0), policy.pause(1, 9.9)] == [
        0.1,
        0.2,
        0.1,
        0.2,
    ]


@pytest.mark.parametrize(("name", "code", "again"), [("no", 1, False), ("on-failure", 0, False), ("always", 0, True)])
def test_policies(name: str, code: int, again: bool) -> None:
    assert (RestartPolicy(name, 0).pause(code, 0.0) is not None) is again


def test_on_failure_gives_up() -> None:
    policy = RestartPolicy("on-failure", 2)
    assert [policy.pause(1, 0.0) is None for _ in range(4)] == [False, False, True, True]
    assert policy.count == 2


def test_another_policy_counts_on() -> None:
    policy = RestartPolicy("always", 0)
    assert [policy.pause(0, 0.0), policy.pause(0, 0.0)] == [0.1, 0.2]
    policy.change("on-failure", 3)
    assert not policy.wants(0)
    assert [policy.pause(1, 0.0), policy.pause(1, 0.0)] == [0.4, None]
    policy.change("no", 0)
    assert policy.pause(1, 0.0) is None


def test_a_stopped_container_stays_down() -> None:
    policy = RestartPolicy("always", 0)
    policy.stopped = True
    assert policy.pause(137, 0.0) is None
