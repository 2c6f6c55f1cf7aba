from __future__ import annotations

import pytest

from runtime_lib.cli.logs import tail
from runtime_lib.errors import InvalidSpec


def test_tail() -> None:
    assert [tail(None), tail("all"), tail("-1"), tail("0"), tail("12")] == [None, None, None, 0, 12]
    with pytest.raises(InvalidSpec):
        tail("some")
