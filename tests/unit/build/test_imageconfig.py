from __future__ import annotations

import pytest

from runtime_lib.build import imageconfig
from runtime_lib.errors import InvalidSpec


def test_a_stage_gets_a_path_and_no_traces_of_its_base() -> None:
    assert imageconfig.base(None) == {"Env": [f"PATH={imageconfig.DEFAULT_PATH}"]}
    found = imageconfig.base(
        {"Env": ["PATH=/x"], "Image": "sha256:1", "Hostname": "h", "OnBuild": ["RUN x"], "User": "u"}
    )
    assert found == {"Env": ["PATH=/x"], "User": "u"}


def test_nothing_is_changed_in_place() -> None:
    config = {"Env": ["a=1"], "Labels": {"x": "y"}}
    imageconfig.with_env(config, {"a": "2"})
    imageconfig.with_labels(config, {"x": "z"})
    assert config == {"Env": ["a=1"], "Labels": {"x": "y"}}


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [("1s", 10**9), ("1h2m3s", 3723 * 10**9), ("1.5ms", 1_500_000), ("250us", 250_000), ("7ns", 7)],
)
def test_durations(text: str, nanoseconds: int) -> None:
    assert imageconfig.duration(text) == nanoseconds


@pytest.mark.parametrize("text", ["", "1", "s", "1s2", "-1s", "1 s", "1d"])
def test_no_durations(text: str) -> None:
    with pytest.raises(InvalidSpec):
        imageconfig.duration(text)


@pytest.mark.parametrize(
    ("current", "path", "expected"),
    [("", "a", "/a"), ("/w", "a/..", "/w"), ("/w", "/b//c/", "/b/c"), ("/", "../..", "/")],
)
def test_working_directories(current: str, path: str, expected: str) -> None:
    assert imageconfig.working_dir({"WorkingDir": current}, path) == expected
