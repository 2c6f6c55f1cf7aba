from __future__ import annotations

import pytest

from runtime_lib.images import times


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T00:00:01.5Z", 1_500_000_000),
        ("2026-11-23T01:35:10.76478188Z", 1_795_397_710_764_781_880),
        ("1970-01-01T02:00:00+02:00", 0),
        ("1969-12-31T22:00:00.25-02:00", 250_000_000),
    ],
)
def test_times_are_read(text: str, value: int) -> None:
    assert times.nanoseconds(text) == value
    assert times.nanoseconds(times.rfc3339(value)) == value


@pytest.mark.parametrize("text", [None, 5, "", "yesterday", "2026-13-01T00:00:00Z", "2026-01-01T00:00:00", "x" * 99])
def test_what_is_no_time_is_zero(text: object) -> None:
    assert times.nanoseconds(text) == 0


def test_zeros_at_the_end_of_the_fraction_are_left_out() -> None:
    assert times.rfc3339(1_500_000_000) == "1970-01-01T00:00:01.5Z"
    assert times.rfc3339(0) == "1970-01-01T00:00:00Z"
