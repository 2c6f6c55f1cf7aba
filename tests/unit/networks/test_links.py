"""Links: names for one container alone."""

from __future__ import annotations

import pytest

from runtime_lib.errors import InvalidSpec
from runtime_lib.networks import links


@pytest.mark.parametrize(
    ("text", "parts"), [("db", ("db", "db")), ("db:data", ("db", "data")), ("a_b:x.y", ("a_b", "x.y"))]
)
def test_container_and_name(text: str, parts: tuple[str, str]) -> None:
    assert links.parse(text) == parts


@pytest.mark.parametrize("text", ["", ":", ":x", "db:", "db:a:b", "db:a/b", "db:a b", "db:a\n1.2.3.4 evil", "d\tb"])
def test_what_is_no_link(text: str) -> None:
    with pytest.raises(InvalidSpec, match="links"):
        links.parse(text)
