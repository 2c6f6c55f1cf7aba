from __future__ import annotations

from typing import Any

import pytest

from runtime_lib.containers.health import check, declared, length, settings
from runtime_lib.containers.parts import Healthcheck
from runtime_lib.containers.spec import ContainerSpec
from runtime_lib.errors import InvalidSpec

IMAGE = {"Healthcheck": {"Test": ["CMD", "a"], "Interval": 10**9, "Retries": 5}}


def test_what_is_given_is_completed_by_the_image() -> None:
    assert declared(None, {}) is None
    assert declared(None, IMAGE) == IMAGE["Healthcheck"]
    assert declared(Healthcheck(("CMD-SHELL", "b"), retries=2), IMAGE) == {
        "Test": ["CMD-SHELL", "b"], "Interval": 10**9, "Retries": 2,
    }  # fmt: skip
    assert declared(Healthcheck(timeout=0.5), IMAGE) == {**IMAGE["Healthcheck"], "Timeout": 500_000_000}


def test_the_defaults_are_dockers() -> None:
    assert settings(Healthcheck(("CMD-SHELL", "b c")), {}) == {
        "command": ["/bin/sh", "-c", "b c"], "interval": 30.0, "timeout": 30.0, "start_period": 0.0,
        "start_interval": 5.0, "retries": 3, "too_long": "Health check exceeded timeout (30s)",
    }  # fmt: skip
    found = settings(Healthcheck(("CMD-SHELL", "b")), {"Shell": ["/bin/bash", "-ec"]})
    assert found is not None
    assert found["command"] == ["/bin/bash", "-ec", "b"]


@pytest.mark.parametrize(
    ("given", "image"),
    [
        (None, {}),
        (Healthcheck(("NONE",)), IMAGE),
        (Healthcheck(retries=3), {}),
        (None, {"Healthcheck": {"Test": []}}),
        (None, {"Healthcheck": {"Test": ["NONE"]}}),
        (None, {"Healthcheck": {"Test": ["CMD"]}}),
        (None, {"Healthcheck": {"Test": ["SOMETHING", "else"]}}),
        (None, {"Healthcheck": {"Test": ["CMD", 5]}}),
        (None, {"Healthcheck": {"Test": "CMD a"}}),
        (None, {"Healthcheck": ["CMD", "a"]}),
    ],
)
def test_nothing_is_checked(given: Healthcheck | None, image: dict[str, Any]) -> None:
    assert settings(given, image) is None


def test_nonsense_of_an_image_is_left_out() -> None:
    wrong = {"Interval": -1, "Timeout": "1s", "Retries": True, "StartPeriod": 2**80}
    assert declared(None, {"Healthcheck": {"Test": ["CMD", "a"], **wrong}}) == {"Test": ["CMD", "a"]}


@pytest.mark.parametrize(
    "wrong",
    [
        Healthcheck(("RUN", "a")),
        Healthcheck(("CMD",)),
        Healthcheck(("CMD-SHELL", "a\0b")),
        Healthcheck(("CMD", "a"), interval=0.0009),
        Healthcheck(("CMD", "a"), timeout=-1.0),
        Healthcheck(("CMD", "a"), start_period=1e12),
        Healthcheck(("CMD", "a"), retries=-1),
    ],
)
def test_mistakes_are_told(wrong: Healthcheck) -> None:
    with pytest.raises(InvalidSpec, match="healthcheck"):
        check(ContainerSpec(image="i", healthcheck=wrong))


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [(10**9, "1s"), (3 * 10**8, "300ms"), (15 * 10**8, "1.5s"), (90 * 10**9, "1m30s"), (3600 * 10**9, "1h0m0s")],
)
def test_lengths_are_written_as_go_does(nanoseconds: int, text: str) -> None:
    assert length(nanoseconds) == text
