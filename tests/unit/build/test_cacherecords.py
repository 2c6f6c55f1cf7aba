"""The records of a cache that comes from elsewhere."""

from __future__ import annotations

import json
from typing import Any

import pytest

from runtime_lib.build import cacherecords
from runtime_lib.build.cacherecords import Record
from runtime_lib.errors import CorruptData

DIFF = f"sha256:{'a' * 64}"
KEY = "0" * 64


def document(entries: Any) -> bytes:
    return json.dumps({"rootfs": {"diff_ids": [DIFF]}, cacherecords.KEY: entries}).encode()


def test_as_written() -> None:
    records = [Record(KEY, 1, True, 5), Record("f" * 64, 0, False, 0)]
    assert cacherecords.parse(document(cacherecords.write(records)), "it") == ([DIFF], records)
    assert cacherecords.parse(document(None), "it") == ([DIFF], [])


@pytest.mark.parametrize(
    "entry",
    [
        *(None, {}, [], [KEY, 1, True], [KEY, 1, 1, 1], [KEY, True, True, 1], [KEY, 2, True, 1], [KEY, 0, True, 1]),
        *([KEY, -1, False, 1], [KEY, 1, True, -1], [KEY, 1, True, 1 << 70], [KEY, 1, True, 1.5], ["../x", 1, True, 1]),
        *([KEY.replace("0", "A"), 1, True, 1], [f"{KEY}0", 1, True, 1]),
    ],
)
def test_what_is_no_record(entry: Any) -> None:
    with pytest.raises(CorruptData, match="it: skiff"):
        cacherecords.parse(document([entry]), "it")


def test_what_is_no_list() -> None:
    for entries in ({"a": 1}, "text", 5, [[KEY, 1, True, 1]] * 20_000):
        with pytest.raises(CorruptData):
            cacherecords.parse(document(entries), "it")
