from __future__ import annotations

import json
from pathlib import Path

from runtime_lib.images import create, inspect
from runtime_lib.paths import Layout
from runtime_lib.store import Store
from tests.support.archives import config


def test_inspect_has_dockers_words(tmp_path: Path) -> None:
    store = Store(Layout(str(tmp_path / "root"), str(tmp_path / "run")))
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
    store.close()
