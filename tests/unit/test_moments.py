from __future__ import annotations

import time

import pytest

from runtime_lib.errors import InvalidSpec
from runtime_lib.moments import moment, seconds


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1700000000", 1_700_000_000_000_000_000),
        ("1700000000.5", 1_700_000_000_500_000_000),
        ("2023-11-14T22:13:20Z", 1_700_000_000_000_000_000),
        ("2023-11-14T22:13:20.123456789Z", 1_700_000_000_123_456_789),
        ("2023-11-14T23:13:20.5+01:00", 1_700_000_000_500_000_000),
    ],
)
def test_moments(text: str, value: int) -> None:
    assert moment(text, "--since") == value


def test_moments_before_now() -> None:
    before = time.time_ns()
    assert before <= moment("10m", "--since") + 600 * 10**9 <= time.time_ns()


@pytest.mark.parametrize("text", ["yesterday", "2023-13-01", "10 minutes"])
def test_wrong_moments(text: str) -> None:
    with pytest.raises(InvalidSpec, match="--since"):
        moment(text, "--since")


def test_lengths() -> None:
    assert [seconds("0"), seconds("1m30s"), seconds("1.5h"), seconds("200ms")] == [0, 90, 5400, 0.2]
    for text in (".s", "1..5s", "5", "s", "1x"):
        with pytest.raises(InvalidSpec, match="length of time"):
            seconds(text)
