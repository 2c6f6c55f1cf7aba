from __future__ import annotations

import pytest

from runtime_lib.desired import image_remove, image_tag
from runtime_lib.errors import InvalidSpec
from runtime_lib.images.catalog import Image, Removed

A, B = "sha256:" + "a" * 64, "sha256:" + "b" * 64
IMAGE = Image(A, ("a:1", "a:2"), {}, (), 0, 0)


def test_new_names_are_complete_and_said_once() -> None:
    assert image_tag.new_names(["x", "docker.io/library/x:latest", "example.com/x:2"], "latest") == (
        "x:latest",
        "example.com/x:2",
    )
    assert image_tag.new_names(["x", "y:1"], "9") == ("x:9", "y:1")


@pytest.mark.parametrize("name", [A, f"x@{A}", "UPPER", ""])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(InvalidSpec):
        image_tag.new_names([name], "latest")


def test_names_are_given_where_they_are_missing() -> None:
    def names(owners: dict[str, str | None], keep: bool = False) -> list[str]:
        return [step.describe() for step in image_tag.plan(A, owners, keep).steps]

    assert names({"x:1": A}) == []
    assert names({"x:1": None, "y:1": A}) == [f"tag image {A} as x:1"]
    assert names({"x:1": B}) == [f"tag image {A} as x:1"]
    assert names({"x:1": B}, keep=True) == []
    assert names({"x:1": None}, keep=True) == [f"tag image {A} as x:1"]
    plan = image_tag.plan(A, {"x:1": B, "y:1": None}, False)
    assert plan.before == {"images": [{"name": "x:1", "id": B}, {"name": "y:1", "exists": False}]}
    assert plan.after == {"images": [{"name": "x:1", "id": A}, {"name": "y:1", "id": A}]}


def test_what_a_removal_leaves() -> None:
    assert image_remove.plan("a:1", IMAGE, Removed(("a:1",), None), False).after == {"id": A, "tags": ["a:2"]}
    assert image_remove.plan(A, IMAGE, Removed(IMAGE.names, A), True).after == {"exists": False}
