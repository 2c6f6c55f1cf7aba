from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime_lib.images import create, inspect
from runtime_lib.paths import Layout
from runtime_lib.store import Store
from tests.support.archives import config


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(Layout(str(tmp_path / "root"), str(tmp_path / "run")))
    yield opened
    opened.close()


def test_inspect_has_dockers_words(store: Store) -> None:
    steps = [{"created": "1970-01-01T00:00:05Z", "created_by": "RUN x", "empty_layer": True, "comment": "c"}]
    document = config(config={"Cmd": ["a"], "Env": ["A=b"]}, created="2026-01-01T00:00:00Z", history=steps)
    made = create.image(store, json.loads(document), [], ["web"])
    found = inspect.inspect(store, "web")
    assert found["Id"] == made.id
    assert found["RepoTags"] == ["web:latest"]
    assert found["Created"] == "2026-01-01T00:00:00Z"
    assert found["Config"]["Cmd"] == ["a"]
    assert found["Config"]["Labels"] is None
    assert found["Comment"] == "c"
    assert (found["Architecture"], found["Os"]) == ("amd64", "linux")
    (step,) = inspect.history(store, "web")
    assert (step["Created"], step["CreatedBy"], step["Tags"], step["Size"]) == (5, "RUN x", ["web:latest"], 0)
    assert inspect.repositories(made) == [("web", "latest")]


def test_a_lost_layer_does_not_hide_the_rest(store: Store) -> None:
    with store.transaction() as db:
        db.execute("INSERT INTO layers VALUES ('sha256:c', 'sha256:d', NULL, 'folder', 7, 0)")
    made = create.image(store, json.loads(config()), ["sha256:c"], ["web"])
    assert inspect.inspect(store, "web")["GraphDriver"]["Data"]["UpperDir"].endswith("/folder")
    damaged = sqlite3.connect(store.layout.database)
    damaged.execute("DELETE FROM layers")
    damaged.commit()
    damaged.close()
    found = inspect.inspect(store, "web")
    assert (found["Id"], found["Size"], found["GraphDriver"]["Data"]) == (made.id, 7, {})
