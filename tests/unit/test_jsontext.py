from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

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


TORN = ["", "{", '{"a":', '{"a', '"', "nul", '"\x01"']


@pytest.mark.parametrize("text", TORN)
def test_a_torn_text_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        jsontext.parse(text)


@pytest.mark.parametrize("text", TORN)
def test_a_torn_text_is_one_where_json_is_not_imported(text: str) -> None:
    # The C scanner takes its error's class from json.decoder, and without that module raises nothing at all.
    code = """if True:
        import sys
        sys.path.insert(0, sys.argv[1])
        from runtime_lib import jsontext
        assert "json.decoder" not in sys.modules
        try:
            jsontext.parse(sys.argv[2])
        except ValueError:
            sys.exit(3)
    """
    repository = str(Path(__file__).parents[2])
    assert subprocess.run([sys.executable, "-ISB", "-c", code, repository, text]).returncode == 3
