"""The ids of id-mapped mounts, as texts."""

from __future__ import annotations

import pytest

from runtime_lib.errors import InvalidSpec
from runtime_lib.oci import idmaps

CONTAINER = {"uidMappings": [{"containerID": 0, "hostID": 70000, "size": 100}], "gidMappings": []}


def entry(inner: int, outer: int, size: int) -> dict[str, int]:
    return {"containerID": inner, "hostID": outer, "size": size}


def test_ranges() -> None:
    uids, gids = idmaps.parse("uids=0-1000-1#1-2000-9;gids=5-0-1")
    assert uids == [entry(0, 1000, 1), entry(1, 2000, 9)]
    assert gids == [entry(5, 0, 1)]


def test_what_is_left_out_stays_as_it_is() -> None:
    assert idmaps.parse("gids=0-5-1")[0] == [entry(0, 0, 2**32 - 1)]


def test_ids_of_the_container() -> None:
    assert idmaps.parse("uids=@1000-0-1#@2000-10-90", CONTAINER)[0] == [entry(1000, 70000, 1), entry(2000, 70010, 90)]
    assert idmaps.parse("uids=@1000-0-1")[0] == [entry(1000, 0, 1)]


@pytest.mark.parametrize("text", ["uids=@0-99-2", "gids=@0-0-1"])
def test_ids_that_it_has_not(text: str) -> None:
    with pytest.raises(InvalidSpec, match="the container has no ids"):
        idmaps.parse(text, CONTAINER)


@pytest.mark.parametrize(
    "text",
    ["uids", "uids=", "users=0-0-1", "uids=0-0-1;", "uids=0-1", "uids=0-1-x", "uids=0-1-²", "uids=-1-0-1",
     "uids=0-0-1;uids=1-1-1", "uids=0-0-1##", "uids=@@0-0-1", "true", ""],
)  # fmt: skip
def test_other_texts(text: str) -> None:
    with pytest.raises(InvalidSpec, match="use uids=FILE-HOST-COUNT"):
        idmaps.parse(text)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("uids=0-0-0", "do not exist"),
        ("uids=0-4294967295-1", "do not exist"),
        ("uids=9999999999-0-1", "do not exist"),
        ("uids=0-0-10#9-20-1", "9 is named twice"),
        ("uids=0-0-10#10-5-1", "5 is named twice"),
    ],
)
def test_ids_that_cannot_be(text: str, told: str) -> None:
    with pytest.raises(InvalidSpec, match=told):
        idmaps.parse(text)
