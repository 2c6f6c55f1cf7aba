from __future__ import annotations

import pytest

from runtime_lib.errors import InvalidSpec
from runtime_lib.images import healthcheck


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [("1s", 10**9), ("1h2m3s", 3723 * 10**9), ("1.5ms", 1_500_000), ("250us", 250_000), ("7ns", 7)],
)
def test_durations(text: str, nanoseconds: int) -> None:
    assert healthcheck.duration(text) == nanoseconds


@pytest.mark.parametrize("text", ["", "1", "s", "1s2", "-1s", "1 s", "1d"])
def test_no_durations(text: str) -> None:
    with pytest.raises(InvalidSpec):
        healthcheck.duration(text)
