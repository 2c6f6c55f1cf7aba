from __future__ import annotations

import pytest

from runtime_lib.errors import InvalidSpec
from runtime_lib.oci import verb_events, verb_show


def test_a_table_has_columns() -> None:
    rows: list[tuple[str, ...]] = [("ID", "PID"), ("a-name-of-some-length", "7")]
    assert verb_show.table(rows) == ["ID                      PID", "a-name-of-some-length   7"]


def test_the_processes_of_a_container_alone() -> None:
    lines = ["  PID COMMAND", "    1 init", "   20 sleep", "  201 sh"]
    assert verb_show.only(lines, [20]) == ["  PID COMMAND", "   20 sleep"]
    with pytest.raises(InvalidSpec, match="PID"):
        verb_show.only(["COMMAND", "sh"], [1])


@pytest.mark.parametrize(("text", "seconds"), [("5s", 5.0), ("500ms", 0.5), ("1.5m", 90.0)])
def test_intervals(text: str, seconds: float) -> None:
    assert verb_events.interval(text) == seconds


@pytest.mark.parametrize("text", ["", "5", "s", "0s", "-1s", "1.2.3s", "5d"])
def test_wrong_intervals_are_refused(text: str) -> None:
    with pytest.raises(InvalidSpec, match="--interval"):
        verb_events.interval(text)
