from __future__ import annotations

import pytest

from runtime_lib import strictjson
from runtime_lib.errors import CorruptData


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b'{"a":1,"a":2}', b'[{"x":{"a":1,"a":1}}]', b"[NaN]", b"[Infinity]", b"\xff", b"[" * 100_000]
    + [b'{"a":' * 100_000, b"1" * 5000, b" " * (strictjson.LIMIT + 1)],
)
def test_hostile_documents_are_refused(data: bytes) -> None:
    with pytest.raises(CorruptData, match="the manifest"):
        strictjson.parse(data, "the manifest")


def test_a_document_is_parsed() -> None:
    assert strictjson.parse(b'{"a": [1, "\xc3\xa4", null]}', "x") == {"a": [1, "ä", None]}


def test_an_object_is_demanded() -> None:
    with pytest.raises(CorruptData, match="not a JSON object"):
        strictjson.parse_object(b"[]", "x")
