from __future__ import annotations

import pytest

from runtime_lib.build import dockerfile, needed


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FROM x", {0}),
        ("FROM x AS a\nFROM y", {1}),
        ("FROM x AS a\nFROM A", {0, 1}),
        ("FROM x\nFROM y\nCOPY --from=0 a b", {0, 1}),
        ("FROM x AS a\nFROM a AS b\nFROM z\nFROM y\nCOPY --from=b a b", {0, 1, 3}),
        ("FROM x AS a\nFROM y\nCOPY --from=image a b", {1}),
        ("ARG v=a\nFROM x AS a\nFROM $v", {0, 1}),
        ("FROM x AS a\nFROM a AS a\nFROM a", {0, 1, 2}),
    ],
)
def test_stages(text: str, expected: set[int]) -> None:
    parsed = dockerfile.parse(text)
    assert needed.stages(parsed, len(parsed.stages) - 1, {"v": "a"}) == expected
