"""The database, its transactions and the locks between processes."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest

from runtime_lib.errors import Busy, CorruptData, NewerData
from runtime_lib.paths import Layout
from runtime_lib.store import Store, write_file


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(Layout(str(tmp_path / "root"), str(tmp_path / "run")))


def add_image(store: Store, name: str) -> None:
    with store.transaction() as db:
        db.execute("INSERT INTO images VALUES (?, '{}', 0, 0)", (name,))


def test_a_transaction_counts_as_a_whole(store: Store) -> None:
    with pytest.raises(ZeroDivisionError), store.transaction():
        add_image(store, "sha256:1")
        raise ZeroDivisionError
    assert store.query("SELECT * FROM images") == []
    add_image(store, "sha256:2")
    row = store.row("SELECT id FROM images")
    assert row is not None
    assert row["id"] == "sha256:2"


def level(store: Store) -> int:
    """Return how a commit of this moment waits for the disk (PRAGMA synchronous): 1 NORMAL, 2 FULL."""
    row = store.row("PRAGMA synchronous")
    assert row is not None
    return int(row[0])


def test_only_a_durable_transaction_waits_for_the_disk(store: Store) -> None:
    with store.transaction():
        assert level(store) == 1
    with store.transaction(durable=True):
        assert level(store) == 2
        with store.transaction(durable=True), store.transaction():
            assert level(store) == 2
    assert level(store) == 1
    with pytest.raises(ZeroDivisionError), store.transaction(durable=True):
        raise ZeroDivisionError
    assert level(store) == 1


def test_a_durable_part_of_what_does_not_last_is_refused(store: Store) -> None:
    with pytest.raises(RuntimeError, match="durable"), store.transaction(), store.transaction(durable=True):
        pass


def test_foreign_keys_are_enforced(store: Store) -> None:
    with pytest.raises(sqlite3.IntegrityError), store.transaction() as db:
        db.execute("INSERT INTO image_names VALUES ('a', 'sha256:none')")


def test_two_openings_see_each_others_changes(store: Store) -> None:
    other = Store(store.layout)
    add_image(store, "sha256:1")
    assert len(other.query("SELECT * FROM images")) == 1
    other.close()


def test_folders_are_closed_to_other_users_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        layout = Store(Layout(str(tmp_path / "root"), str(tmp_path / "run"))).layout
    finally:
        os.umask(before)
    assert os.stat(layout.root).st_mode & 0o777 == 0o711
    assert os.stat(layout.layers).st_mode & 0o777 == 0o700
    assert os.stat(layout.database).st_mode & 0o777 == 0o600


def test_a_lock_names_its_holder(store: Store) -> None:
    with store.lock("container", "web"), pytest.raises(Busy, match=f"process {os.getpid()} holds it"):
        other = Store(store.layout)
        with other.lock("container", "web", patience=0):
            pass


def test_locks_of_different_objects_do_not_meet(store: Store) -> None:
    with store.lock("container", "a"), store.lock("container", "b", patience=0), store.lock("image", "a", patience=0):
        pass


def test_a_lock_dies_with_its_holder(store: Store) -> None:
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        with store.lock("container", "web"):
            os.write(write, b"x")
            os.kill(os.getpid(), 9)
    os.read(read, 1)
    os.waitpid(pid, 0)
    os.close(read)
    os.close(write)
    with store.lock("container", "web", patience=0):
        pass


def test_a_newer_schema_is_refused(store: Store) -> None:
    with sqlite3.connect(store.layout.database) as db:
        db.execute("PRAGMA user_version = 999")
    db.close()
    with pytest.raises(NewerData, match="newer Skiff"):
        Store(store.layout)


def test_garbage_is_said_to_be_garbage(tmp_path: Path) -> None:
    layout = Layout(str(tmp_path / "root"), str(tmp_path / "run"))
    os.makedirs(layout.root)
    Path(layout.database).write_text("no database at all, and long enough to be read as one" * 100)
    with pytest.raises(CorruptData, match="cannot use the database"):
        Store(layout)


def test_write_file_replaces(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    write_file(str(path), b"one", 0o644)
    write_file(str(path), b"two")
    assert path.read_bytes() == b"two"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["state.json"]


def test_an_observer_sees_a_bare_host_as_empty_and_leaves_it_bare(tmp_path: Path) -> None:
    layout = Layout(str(tmp_path / "root"), str(tmp_path / "run"))
    observer = Store.observer(layout)
    assert observer.query("SELECT * FROM containers") == []
    assert list(tmp_path.iterdir()) == []


def test_an_observer_sees_what_is_there_and_cannot_change_it(tmp_path: Path) -> None:
    layout = Layout(str(tmp_path / "root"), str(tmp_path / "run"))
    with Store(layout).transaction() as db:
        db.execute("INSERT INTO volumes VALUES ('data', 'local', '{}', '{}', 0, 0, 1)")
    observer = Store.observer(layout)
    assert [row["name"] for row in observer.query("SELECT name FROM volumes")] == ["data"]
    with pytest.raises(OSError, match="Read-only"), observer.transaction() as db:
        db.execute("DELETE FROM volumes")


def test_a_reserve_is_kept_for_a_full_disk(store: Store) -> None:
    assert os.stat(f"{store.layout.root}/reserve").st_blocks * 512 >= 1024 * 1024


def test_the_log_that_every_opening_reads_stays_short(store: Store) -> None:
    for number in range(600):
        add_image(store, f"image{number}")
    log = os.path.getsize(f"{store.layout.database}-wal")
    assert log < 400 * 4096, "a checkpoint is due after 200 pages"
