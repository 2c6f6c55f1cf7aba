from __future__ import annotations

import pytest

from runtime_lib.build import imageconfig


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
    ("current", "path", "expected"),
    [("", "a", "/a"), ("/w", "a/..", "/w"), ("/w", "/b//c/", "/b/c"), ("/", "../..", "/")],
)
def test_working_directories(current: str, path: str, expected: str) -> None:
    assert imageconfig.working_dir({"WorkingDir": current}, path) == expected
