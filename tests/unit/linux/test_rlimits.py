"""Resource limits: numbers, and what is left of a wish that may not be granted."""

from __future__ import annotations

import resource

import pytest

from runtime_lib.errors import InvalidSpec
from runtime_lib.linux import rlimits


@pytest.mark.parametrize("name", [name for name in rlimits.NUMBERS if hasattr(resource, name)])
def test_numbers_are_those_of_the_kernel(name: str) -> None:
    assert rlimits.number_of(name) == getattr(resource, name)


def test_an_unknown_limit_is_refused() -> None:
    with pytest.raises(InvalidSpec, match="'NOFILE'"):
        rlimits.number_of("NOFILE")


@pytest.mark.parametrize(
    ("wanted", "most", "result"),
    [
        ((10, 20), -1, (10, 20)),
        ((10, 20), 15, (10, 15)),
        ((10, 20), 5, (5, 5)),
        ((-1, -1), 5, (5, 5)),
        ((-1, -1), -1, (-1, -1)),
    ],
)
def test_capped(wanted: tuple[int, int], most: int, result: tuple[int, int]) -> None:
    assert rlimits.capped(wanted, most) == result
