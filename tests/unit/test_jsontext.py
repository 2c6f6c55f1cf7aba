from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime_lib import jsontext

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(VALUES)
def test_texts_are_those_of_json(value: object) -> None:
    text = jsontext.compact(value)
    assert json.loads(text) == value
    assert jsontext.parse(text) == value


@pytest.mark.parametrize("text", ["", "{", '{"a":', "nul", '"\x01"'])
def test_a_torn_text_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        jsontext.parse(text)
