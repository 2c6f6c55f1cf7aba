from __future__ import annotations

import pytest

from runtime_lib import conditions
from runtime_lib.errors import InvalidSpec


def test_texts() -> None:
    assert conditions.from_texts(["label=a=b", "label!=c", "name=x"]) == {
        "label": ["a=b"],
        "label!": ["c"],
        "name": ["x"],
    }
    with pytest.raises(InvalidSpec, match="KEY=VALUE"):
        conditions.from_texts(["name"])


def test_options_of_modules() -> None:
    given = {"label": {"a": "b"}, "name": ["x", "y"], "dangling": True, "exited": 3}
    assert conditions.from_option(given) == {
        "label": ["a=b"],
        "name": ["x", "y"],
        "dangling": ["true"],
        "exited": ["3"],
    }
    assert conditions.from_option(None) == {}


def test_unknown_keys_are_refused() -> None:
    conditions.check({"name": ["x"]}, ("name", "id"), "networks")
    with pytest.raises(InvalidSpec, match="networks can be picked by id, name"):
        conditions.check({"nope": ["x"]}, ("name", "id"), "networks")


def test_labels() -> None:
    labels = {"a": "1", "b": ""}
    for given, expected in (
        ({}, True),
        ({"label": ["a"]}, True),
        ({"label": ["a=1", "b="]}, True),
        ({"label": ["a=2"]}, False),
        ({"label": ["a", "c"]}, False),
        ({"label!": ["a=1"]}, False),
        ({"label!": ["a=2", "c"]}, True),
    ):
        assert conditions.labelled(labels, given) is expected, given


def test_patterns() -> None:
    assert conditions.matches("web-1", {}, "name")
    assert conditions.matches("web-1", {"name": ["no", "^we"]}, "name")
    assert not conditions.matches("web-1", {"name": ["^1"]}, "name")
    with pytest.raises(InvalidSpec, match="no regular expression"):
        conditions.matches("web-1", {"name": ["("]}, "name")


def test_truth() -> None:
    assert conditions.truth({}, "dangling") is None
    assert conditions.truth({"dangling": ["1"]}, "dangling") is True
    assert conditions.truth({"dangling": ["false"]}, "dangling") is False
    with pytest.raises(InvalidSpec, match="neither true nor false"):
        conditions.truth({"dangling": ["x"]}, "dangling")


def test_until() -> None:
    assert conditions.created_until(10**18, {"until": ["1000000001"]})
    assert not conditions.created_until(10**18, {"until": ["1000000000"]})
    assert not conditions.created_until(2 * 10**18, {"until": ["10m", "1000000001"]})
    assert conditions.created_until(5, {})
