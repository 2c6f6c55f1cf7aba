"""The texts of userns_mode."""

from __future__ import annotations

import pytest

from runtime_lib.containers.userns_mode import Auto, composed
from runtime_lib.errors import InvalidSpec


def entry(inner: int, outer: int, size: int) -> dict[str, int]:
    return {"containerID": inner, "hostID": outer, "size": size}


def test_auto() -> None:
    assert (Auto("auto").size, Auto("auto").uids, Auto("auto").gids) == (65536, [], [])
    assert Auto("auto:size=1024").size == 1024
    asked = Auto("auto:uidmapping=9:1009:1,gidmapping=0:5000:10,size=100,uidmapping=1:1000:2")
    assert (asked.size, asked.uids, asked.gids) == (100, [(1, 1000, 2), (9, 1009, 1)], [(0, 5000, 10)])


@pytest.mark.parametrize(
    "text",
    ["private", "auto:", "auto:size=", "auto:size=-1", "auto:size=99999999999", "auto:gid=1", "auto:uidmapping=1",
     "auto:uidmapping=1:2", "auto:uidmapping=1:2:x", "auto:uidmapping=1:2:3:4", "auto:size=1,", "auto:size=1:2:3"],
)  # fmt: skip
def test_other_texts(text: str) -> None:
    with pytest.raises(InvalidSpec, match="use host, auto"):
        Auto(text)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("keep-id", "a user's own Podman"),
        ("auto:size=0", "between 1 and"),
        ("auto:uidmapping=0:0:0", "do not exist"),
        ("auto:gidmapping=0:2147483648:1", "do not exist"),
        ("auto:uidmapping=0:1000:2,uidmapping=1:2000:1", "the id 1 is mapped twice"),
        ("auto:uidmapping=0:1000:2,uidmapping=5:1001:1", "the id 1001 is mapped twice"),
    ],
)
def test_what_cannot_be(text: str, told: str) -> None:
    with pytest.raises(InvalidSpec, match=told):
        Auto(text)


def test_maps() -> None:
    assert composed(7000, 10, []) == [entry(0, 7000, 10)]
    assert composed(7000, 10, [(0, 50, 1)]) == [entry(0, 50, 1), entry(1, 7001, 9)]
    assert composed(7000, 10, [(3, 50, 2), (5, 60, 1)]) == [
        entry(0, 7000, 3),
        entry(3, 50, 2),
        entry(5, 60, 1),
        entry(6, 7006, 4),
    ]
    assert composed(7000, 10, [(8, 50, 5)]) == [entry(0, 7000, 8), entry(8, 50, 5)]
    assert composed(7000, 10, [(100, 50, 5)]) == [entry(0, 7000, 10), entry(100, 50, 5)]
