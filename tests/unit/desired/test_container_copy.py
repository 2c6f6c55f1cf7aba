from __future__ import annotations

from typing import Any

import pytest

from runtime_lib.containers.copy_look import Seen
from runtime_lib.desired.container_copy import Copy, Wish, mode, plan
from runtime_lib.errors import InvalidSpec, WrongState

WISH = Wish("web", "/srv", "/site", None, None, None, False, True, False)
FILE = Seen("file", 0o644, 0, 0, "digest")
FOLDER = Seen("folder", 0o755, 0, 0, "")
LINK = Seen("link", 0o777, 0, 0, "target")


@pytest.mark.parametrize(
    ("value", "parse", "bits"),
    [
        ("0644", "modern", 0o644),
        ("644", "modern", 0o644),
        (420, "modern", 0o644),
        ("420", "legacy", 0o644),
        (420, "legacy", 0o644),
        ("0644", "octal_string_only", 0o644),
        (None, "modern", None),
    ],
)
def test_modes(value: Any, parse: str, bits: int | None) -> None:
    assert mode(value, parse) == bits


@pytest.mark.parametrize(
    ("value", "parse"),
    [
        ("0999", "modern"),
        (420, "octal_string_only"),
        ("rw", "legacy"),
        (True, "modern"),
        (-1, "modern"),
        (10000, "modern"),
    ],
)
def test_what_is_no_mode(value: Any, parse: str) -> None:
    with pytest.raises(InvalidSpec, match="mode"):
        mode(value, parse)


def test_nothing_is_copied_where_it_is_the_same() -> None:
    tree = {"": FOLDER, "a": FILE, "l": LINK}
    assert not plan(WISH, tree, {**tree, "more": FILE, "l": Seen("link", 0o755, 0, 0, "target")}, None).changed
    assert plan(WISH, tree, tree, True).steps == (Copy(WISH),)
    assert plan(WISH, tree, {}, False).changed
    assert not plan(WISH, tree, {"": FOLDER}, False).changed


@pytest.mark.parametrize(
    "other",
    [Seen("file", 0o600, 0, 0, "digest"), Seen("file", 0o644, 1, 0, "digest"), Seen("file", 0o644, 0, 0, "x"), LINK],
)
def test_a_file_that_differs_is_copied(other: Seen) -> None:
    found = plan(WISH, {"": FOLDER, "a": FILE}, {"": FOLDER, "a": other}, None)
    assert (found.changed, list(found.before), list(found.after)) == (True, ["a"], ["a"])


@pytest.mark.parametrize(("wanted", "present"), [(FILE, FOLDER), (FOLDER, FILE), (FOLDER, LINK)])
def test_a_folder_and_a_file_do_not_replace_each_other(wanted: Seen, present: Seen) -> None:
    with pytest.raises(WrongState, match="cannot take its place"):
        plan(WISH, {"": wanted}, {"": present}, None)
