"""Which kernels are new enough."""

from __future__ import annotations

import pytest

from runtime_lib.linux import kernel


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("5.4.0", (5, 4)),
        ("5.10.0-28-cloud-amd64", (5, 10)),
        ("6.1-rc2", (6, 1)),
        ("6.12.0+", (6, 12)),
        ("4.19.0-25-amd64", (4, 19)),
    ],
)
def test_versions(name: str, version: tuple[int, int]) -> None:
    assert kernel._version(name) == version


def test_this_one_will_do() -> None:
    kernel.require()
