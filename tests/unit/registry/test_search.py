"""Searching a registry: by version 1 of the API where it is, else by the catalogue."""

from __future__ import annotations

import json

import pytest

from runtime_lib.errors import CorruptData
from runtime_lib.registry import search
from runtime_lib.registry.search import Found
from tests.support.faultregistry import Answer, Asked, serving
from tests.unit.registry.test_client import Clock, clock, settings

__all__ = ["clock"]
JSON = {"Content-Type": "application/json; charset=utf-8"}
CATALOGUE = json.dumps({"repositories": ["team/web", "team/db"]}).encode()


def test_a_search_of_version_1(clock: Clock) -> None:
    results = [
        {"name": "web", "description": "a\x1b[2Jb", "star_count": 5, "is_official": True, "is_automated": False},
        {"name": "team/web", "star_count": "many", "description": None},
    ]
    with serving(lambda _asked: Answer(200, json.dumps({"results": results}).encode(), JSON)) as server:
        found = search.search(server.host, "we b", 7, settings(clock))
    assert found == [Found("web", "a[2Jb", 5, True), Found("team/web")]
    assert server.asked[-1].path == "/v1/search?q=we+b&n=7"


@pytest.mark.parametrize(
    "answer", [Answer(404, b"404 page not found"), Answer(200, b"<html>", {"Content-Type": "text/html"})]
)
def test_a_registry_without_one_has_a_catalogue(clock: Clock, answer: Answer) -> None:
    def script(asked: Asked) -> Answer:
        return Answer(200, CATALOGUE, JSON) if asked.path == "/v2/_catalog" else answer

    with serving(script) as server:
        assert search.search(server.host, "web", 25, settings(clock)) == [Found("team/web")]


@pytest.mark.parametrize("body", [b"{}", b'{"results": 5}', b'{"results": ["x"]}', b"[]", b"no"])
def test_results_that_are_none_are_refused(clock: Clock, body: bytes) -> None:
    with serving(lambda _asked: Answer(200, body, JSON)) as server, pytest.raises(CorruptData):
        search.search(server.host, "web", 25, settings(clock))
