"""Databases of other versions: upgraded as a whole, or left alone, on real SQLite."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from runtime_lib import schema
from runtime_lib.errors import NewerData
from runtime_lib.paths import Layout
from runtime_lib.store import Store

CHECKOUT = Path(__file__).parents[2]
NEXT = schema.VERSION + 1
COLUMN = "ALTER TABLE containers ADD COLUMN colour TEXT NOT NULL DEFAULT 'red'"
TABLE = "CREATE TABLE sails (id INTEGER PRIMARY KEY)"


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(str(tmp_path / "root"), str(tmp_path / "run"))


@pytest.fixture
def newer(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Make this library the next version; what only adds is readable for today's."""
    with monkeypatch.context() as patch:
        patch.setattr(schema, "VERSION", NEXT)
        patch.setattr(schema, "MIGRATIONS", {**schema.MIGRATIONS, NEXT: (TABLE, COLUMN)})
        yield


@contextmanager
def opened(layout: Layout) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(layout.database, isolation_level=None)) as db:
        yield db


def version_two(layout: Layout) -> None:
    """Leave a database of the first version that had containers in the field."""
    os.makedirs(layout.root)
    with opened(layout) as db:
        db.executescript(schema.TABLES)
        db.execute("INSERT INTO images (id, config, size, created) VALUES ('sha256:1', '{}', 0, 1)")
        db.execute("PRAGMA user_version = 2")


def container(store: Store, name: str) -> None:
    with store.transaction() as db:
        db.execute("INSERT OR IGNORE INTO images (id, config, size, created) VALUES ('sha256:1', '{}', 0, 1)")
        values = (name * 8, name, "sha256:1", "{}", "ready", 1)
        db.execute(
            "INSERT INTO containers (id, name, image_id, spec, phase, created) VALUES (?, ?, ?, ?, ?, ?)", values
        )


def make_newer(layout: Layout, readable: int) -> None:
    """Do to the database what a later version of this library will do."""
    with opened(layout) as db:
        db.execute(COLUMN)
        db.execute("INSERT INTO upgrades (version, readable, time) VALUES (?, ?, 1)", (schema.VERSION + 7, readable))
        db.execute(f"PRAGMA user_version = {schema.VERSION + 7}")


def version(layout: Layout) -> int:
    with opened(layout) as db:
        return int(db.execute("PRAGMA user_version").fetchone()[0])


def test_every_version_has_its_migration() -> None:
    assert sorted(schema.MIGRATIONS) == list(range(3, schema.VERSION + 1))
    assert 3 <= schema.READABLE <= schema.VERSION


def test_an_older_database_is_upgraded_and_keeps_its_rows(layout: Layout) -> None:
    version_two(layout)
    store = Store(layout)
    assert version(layout) == schema.VERSION
    assert [row["id"] for row in store.query("SELECT id FROM images")] == ["sha256:1"]
    (row,) = store.query("SELECT version, readable FROM upgrades")
    assert tuple(row) == (schema.VERSION, schema.READABLE)


def test_a_new_database_and_an_upgraded_one_have_the_same_tables(tmp_path: Path) -> None:
    old, new = (Layout(str(tmp_path / name), str(tmp_path / f"{name}-run")) for name in ("old", "new"))
    version_two(old)
    texts = [{row["sql"] for row in Store(one).query("SELECT sql FROM sqlite_master")} for one in (old, new)]
    assert {text.replace("IF NOT EXISTS ", "") for text in texts[0] if text} == {
        text.replace("IF NOT EXISTS ", "") for text in texts[1] if text
    }


@pytest.mark.usefixtures("newer")
def test_an_upgrade_that_fails_half_way_changes_nothing(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    version_two(layout)
    monkeypatch.setitem(schema.MIGRATIONS, NEXT, (TABLE, "CREATE TABLE broken ("))
    with pytest.raises(Exception, match="cannot use the database"):
        Store(layout)
    assert version(layout) == 2
    with opened(layout) as db:
        assert not db.execute("SELECT 1 FROM sqlite_master WHERE name IN ('sails', 'upgrades')").fetchall()


def test_many_processes_upgrade_a_database_once(layout: Layout) -> None:
    version_two(layout)
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from runtime_lib.paths import Layout\nfrom runtime_lib.store import Store\n"
        "sys.stdin.read(); Store(Layout(sys.argv[2], sys.argv[3]))"
    )
    command = [sys.executable, "-c", code, str(CHECKOUT), layout.root, layout.run]
    children = [subprocess.Popen(command, stdin=subprocess.PIPE) for _number in range(6)]
    for child in children:
        assert child.stdin is not None
        child.stdin.close()
    assert [child.wait() for child in children] == [0] * 6
    with opened(layout) as db:
        assert db.execute("SELECT version FROM upgrades").fetchall() == [(schema.VERSION,)]


def test_who_only_looks_at_an_older_database_does_not_upgrade_it(layout: Layout) -> None:
    version_two(layout)
    observer = Store.observer(layout)
    assert observer.query("SELECT version FROM upgrades")
    assert [row["id"] for row in observer.query("SELECT id FROM images")] == ["sha256:1"]
    assert version(layout) == 2


def test_an_older_library_goes_on_with_a_newer_database_that_is_readable(layout: Layout) -> None:
    before = Store(layout)
    make_newer(layout, readable=schema.VERSION)
    container(before, "web")
    container(Store(layout), "db")
    assert version(layout) == schema.VERSION + 7
    with opened(layout) as db:
        assert db.execute("SELECT colour FROM containers").fetchall() == [("red",), ("red",)]


def test_an_older_library_leaves_a_database_alone_that_is_not_readable_for_it(layout: Layout) -> None:
    before = Store(layout)
    make_newer(layout, readable=schema.VERSION + 2)
    sentence = f"schema {schema.VERSION + 7}.*knows schema {schema.VERSION + 2}.*one knows schema {schema.VERSION}: use"
    for store in (Store, Store.observer):
        with pytest.raises(NewerData, match=sentence):
            store(layout)
    with pytest.raises(NewerData, match=sentence):
        container(before, "web")  # it was open already
    assert before.query("SELECT id FROM containers") == []


def test_no_insert_depends_on_the_number_of_columns() -> None:
    bare = re.compile(r"INSERT[^\"']*? INTO \w+ VALUES")
    files = sorted((CHECKOUT / "runtime_lib").rglob("*.py"))
    assert [str(path) for path in files if bare.search(path.read_text())] == []
