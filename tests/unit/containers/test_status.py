from __future__ import annotations

from typing import Any

import pytest

from runtime_lib.containers.status import SECOND, duration, status_text
from runtime_lib.monitor.state import State

NOW = 2_000_000_000 * SECOND


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "Less than a second"),
        (0.9, "Less than a second"),
        (1, "1 second"),
        (59, "59 seconds"),
        (60, "About a minute"),
        (119, "About a minute"),
        (180, "3 minutes"),
        (3599, "59 minutes"),
        (3600, "About an hour"),
        (2 * 3600, "2 hours"),
        (47 * 3600, "47 hours"),
        (3 * 86400, "3 days"),
        (15 * 86400, "2 weeks"),
        (90 * 86400, "3 months"),
        (800 * 86400, "2 years"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(int(seconds * SECOND)) == text


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"status": "created"}, "Created"),
        ({"status": "running", "started": NOW - 180 * SECOND}, "Up 3 minutes"),
        ({"status": "paused", "started": NOW - 5 * SECOND}, "Up 5 seconds (Paused)"),
        ({"status": "exited", "exit_code": 137, "finished": NOW - 7200 * SECOND}, "Exited (137) 2 hours ago"),
        ({"status": "restarting", "exit_code": 1, "finished": NOW - 2 * SECOND}, "Restarting (1) 2 seconds ago"),
    ],
)
def test_status(values: dict[str, Any], text: str) -> None:
    assert status_text(State(values), NOW) == text
