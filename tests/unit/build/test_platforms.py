from __future__ import annotations

import pytest

from runtime_lib.build import platforms
from runtime_lib.errors import InvalidSpec


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("linux/arm64", "linux/arm64"),
        ("linux/arm/v7", "linux/arm/v7"),
        ("Linux/x86_64", "linux/amd64"),
        ("arm64", "linux/arm64"),
        ("aarch64", "linux/arm64"),
        ("linux", f"linux/{platforms.host().architecture}"),
    ],
)
def test_words(text: str, expected: str) -> None:
    assert str(platforms.parse(text)) == expected


@pytest.mark.parametrize("text", ["", "a/b/c/d", "linux//x", "windows/amd64", "linux/amd 64", "$x"])
def test_refused(text: str) -> None:
    with pytest.raises(InvalidSpec):
        platforms.parse(text)


def test_an_image_of_another_platform() -> None:
    platforms.check_image("", "x", {"architecture": "arm64"})
    platforms.check_image("linux/arm64", "x", {"os": "linux", "architecture": "arm64"})
    with pytest.raises(InvalidSpec, match="is for linux/arm64, not for linux/s390x"):
        platforms.check_image("linux/s390x", "x", {"os": "linux", "architecture": "arm64"})


def test_a_command_of_another_processor() -> None:
    platforms.check_runs({})
    platforms.check_runs({"architecture": platforms.host().architecture})
    with pytest.raises(InvalidSpec, match="RUN needs a program for vax"):
        platforms.check_runs({"architecture": "vax"})
