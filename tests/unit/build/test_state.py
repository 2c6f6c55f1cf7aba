from __future__ import annotations

from runtime_lib.build import state
from runtime_lib.build.steps import Step
from runtime_lib.images.catalog import Image
from runtime_lib.images.layers import Layer

LAYER = Layer("sha256:c", "sha256:d", "sha256:b", "folder", 1)


def step(author: str = "") -> Step:
    return Step("Dockerfile line 1", "X", "made by", {"Cmd": ["x"]}, author)


def test_a_step_adds_its_layer_and_its_history() -> None:
    image = Image(
        "sha256:i",
        (),
        {
            "architecture": "arm64",
            "variant": "v8",
            "os": "linux",
            "created": "1970-01-01T00:00:05Z",
            "config": {"User": "u"},
            "container_config": {"dropped": True},
            "history": [{"created": "1970-01-01T00:00:05Z"}],
            "rootfs": {"type": "layers", "diff_ids": ["sha256:a"]},
        },
        ("sha256:b",),
        1,
        5 * 10**9,
    )
    found = state.of_image(image).after(step("me"), "made by", LAYER, 7 * 10**9).after(step(), "then", None, 0)
    assert found.top == "sha256:c"
    assert found.document() == {
        "architecture": "arm64",
        "variant": "v8",
        "os": "linux",
        "config": {"Cmd": ["x"]},
        "created": "1970-01-01T00:00:07Z",
        "author": "me",
        "history": [
            {"created": "1970-01-01T00:00:05Z"},
            {"created": "1970-01-01T00:00:07Z", "created_by": "made by", "author": "me"},
            {"created": "1970-01-01T00:00:07Z", "created_by": "then", "empty_layer": True},
        ],
        "rootfs": {"type": "layers", "diff_ids": ["sha256:a", "sha256:d"]},
    }


def test_scratch_has_no_layer() -> None:
    assert (state.scratch().top, state.scratch().document()["rootfs"]["diff_ids"]) == (None, [])
