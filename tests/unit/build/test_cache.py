from __future__ import annotations

from pathlib import Path

from runtime_lib.build import cache
from runtime_lib.paths import Layout
from runtime_lib.store import Store


def test_a_key_depends_on_all_it_is_made_of() -> None:
    keys = {
        cache.key(None, "run", "a"),
        cache.key("sha256:1", "run", "a"),
        cache.key(None, "run", "b"),
        cache.key(None, "copy", "a"),
        cache.key(None, "run", ["a"]),
        cache.key(None, "run", "a", None),
        cache.key(None, "run", "\udcff"),
    }
    assert len(keys) == 7
    assert cache.key(None, "run", ("a", "b")) == cache.key(None, "run", ["a", "b"])


def test_a_step_is_forgotten_with_its_layer(tmp_path: Path) -> None:
    store = Store(Layout(str(tmp_path / "root"), str(tmp_path / "run")))
    with store.transaction() as db:
        db.execute("INSERT INTO layers VALUES ('sha256:1', 'sha256:1', NULL, 'x', 0, 0)")
    assert cache.find(store, "a") is None
    cache.remember(store, "a", "sha256:1")
    cache.remember(store, "nothing changed", None)
    assert (cache.find(store, "a"), cache.find(store, "nothing changed")) == (("sha256:1",), (None,))
    with store.transaction() as db:
        db.execute("DELETE FROM layers")
    assert (cache.find(store, "a"), cache.find(store, "nothing changed")) == (None, (None,))
    store.close()
