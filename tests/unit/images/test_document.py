from __future__ import annotations

import json

import pytest

from runtime_lib.errors import CorruptData
from runtime_lib.images import document
from tests.support.archives import config, digest

LAYER = b"layer"


def good(**changes: object) -> dict[str, object]:
    return {**json.loads(config(LAYER)), **changes}


def test_the_diff_ids_are_returned() -> None:
    assert document.check(good(), "x") == [digest(LAYER)]


@pytest.mark.parametrize(
    "changes",
    [
        {"rootfs": None},
        {"rootfs": []},
        {"rootfs": {"diff_ids": "sha256:"}},
        {"rootfs": {"diff_ids": ["sha256:../../x"]}},
        {"rootfs": {"diff_ids": [5]}},
        {"rootfs": {"diff_ids": [digest(b"")] * 501}},
        {"os": "windows"},
        {"os": 5},
        {"config": []},
        {"config": {"Env": "A=b"}},
        {"config": {"Env": ["A=b", 5]}},
        {"config": {"Env": ["A=\0"]}},
        {"config": {"Cmd": {"a": 1}}},
        {"config": {"Entrypoint": [None]}},
        {"config": {"User": 0}},
        {"config": {"WorkingDir": "/\0"}},
        {"config": {"Labels": {"a": 1}}},
        {"config": {"Labels": ["a"]}},
        {"config": {"Volumes": ["/data"]}},
        {"config": {"ExposedPorts": "80"}},
    ],
)
def test_what_a_container_could_not_take_over_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(CorruptData, match="the image"):
        document.check(good(**changes), "the image")


def test_nulls_are_fine() -> None:
    document.check(good(config={"Env": None, "Cmd": None, "Labels": None, "User": None, "Volumes": None}), "x")
    document.check(good(config=None), "x")
