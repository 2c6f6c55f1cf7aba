from __future__ import annotations

from typing import Any

import pytest

from runtime_lib.monitor.health import Health, result


def health(log: Any = (), **changes: Any) -> Health:
    values = {"interval": 30.0, "timeout": 30.0, "start_period": 0.0, "start_interval": 5.0, "retries": 3, **changes}
    return Health(values, list(log))


def take(found: Health, *codes: int, age: float = 100.0) -> list[tuple[str, int]]:
    seen = []
    for code in codes:
        found.take(1, 2, code, "", age)
        seen.append((found.status, found.failing_streak))
    return seen


def test_failures_in_a_row_make_it_unhealthy_and_one_success_healthy_again() -> None:
    assert take(health(), 1, -1, 137, 1, 0, 1) == [
        ("starting", 1), ("starting", 2), ("unhealthy", 3), ("unhealthy", 4), ("healthy", 0), ("healthy", 1),
    ]  # fmt: skip


def test_failures_do_not_count_in_the_start_period_before_the_first_success() -> None:
    found = health(start_period=10.0, retries=1)
    assert take(found, 1, 1, age=9.9) == [("starting", 0)] * 2
    assert take(found, 0, 1, age=9.9) == [("healthy", 0), ("unhealthy", 1)]
    found = health(start_period=10.0, retries=1)
    assert take(found, 1, age=10.0) == [("unhealthy", 1)]


def test_checks_come_faster_in_the_start_period() -> None:
    found = health(start_period=10.0)
    assert (found.pause(0.0), found.pause(9.9), found.pause(10.0)) == (5.0, 5.0, 30.0)
    take(found, 0, age=1.0)
    assert found.pause(1.0) == 30.0
    assert health().pause(0.0) == 30.0


def test_the_last_five_results_are_kept_also_over_a_restart() -> None:
    found = health()
    for number in range(7):
        found.take(number, number + 1, 0, f"{number}", 0.0)
    assert [entry["output"] for entry in found.log] == ["2", "3", "4", "5", "6"]
    again = health(found.log)
    assert again.values() == {"status": "starting", "failing_streak": 0, "log": found.log}
    take(again, 1)
    assert len(again.log) == 5


def test_who_is_not_checked_is_unhealthy_until_the_next_success() -> None:
    found = health(retries=1)
    take(found, 0)
    found.interrupt()
    assert found.status == "unhealthy"
    assert take(found, 0) == [("healthy", 0)]
    found.interrupt()
    found.begin()
    assert found.status == "starting"


def test_results() -> None:
    assert result(b"1 2 -1\na\nb\xff") == (1, 2, -1, "a\nb\ufffd")
    for wrong in (b"", b"1 2\n", b"a b c\n"):
        with pytest.raises(ValueError, match=r"."):
            result(wrong)
