from __future__ import annotations

from typing import Any

from runtime_lib.desired import image_export, image_load, image_plan
from runtime_lib.desired.image_archive import Export, merged, shown
from runtime_lib.desired.image_wish import Wish

A, B = "sha256:" + "a" * 64, "sha256:" + "b" * 64


def test_what_is_in_an_archive_is_told_by_id_and_shown_by_name() -> None:
    found = merged([(A, ("a:1",)), (B, ()), (A, ("a:2",))])
    assert found == {A: frozenset(("a:1", "a:2")), B: frozenset()}
    assert shown(found) == {"a:1": A, "a:2": A, B: B}
    assert shown(None) == {"exists": False}


def test_an_archive_is_written_when_it_is_not_right() -> None:
    wanted = {A: frozenset(("a:1",))}

    def steps(present: dict[str, frozenset[str]] | None, force: bool = False) -> list[str]:
        plan = image_export.plan(Export(("a:1",), "/a.tar"), wanted, present, force)
        return [step.describe() for step in plan.steps]

    write = ["save image a:1 to /a.tar"]
    assert steps(None) == write
    assert steps(wanted) == []
    assert steps(wanted, force=True) == write
    others: list[dict[str, frozenset[str]]] = [{A: frozenset()}, {B: frozenset(("a:1",))}, {**wanted, B: frozenset()}]
    for other in others:
        assert steps(other) == write


def test_an_archive_is_loaded_when_something_of_it_is_missing() -> None:
    wanted = {A: frozenset(("a:1", "a:2")), B: frozenset()}

    def plan(present: dict[str, str]) -> list[str]:
        return [step.describe() for step in image_load.plan("/a.tar", wanted, present).steps]

    assert plan({"a:1": A, "a:2": A, B: B}) == []
    for present in ({}, {"a:1": A, "a:2": A}, {"a:1": A, "a:2": B, B: B}):
        assert plan(present) == ["load the images of /a.tar"]


def test_an_image_task_writes_its_archive_when_it_is_not_right() -> None:
    def steps(present: image_plan.Present, **options: Any) -> list[str]:
        wanted = Wish("a:1", archive_path="/a.tar", **options)
        return [step.describe() for step in image_plan.plan(wanted, present).steps]

    there = {A: frozenset(("a:1",))}
    write = "save image a:1 to /a.tar"
    assert steps(image_plan.Present(A)) == [write]
    assert steps(image_plan.Present(A, archived=there)) == []
    assert steps(image_plan.Present(B, archived=there)) == [write]
    assert steps(image_plan.Present(coming=A, archived=there), source="load", load_path="/b") == [
        "load image a:1 from /b"
    ]
    assert steps(image_plan.Present(archived=there), source="load", load_path="/b")[1:] == [write]
    assert steps(image_plan.Present(A), state="absent") == ["remove image a:1"]
