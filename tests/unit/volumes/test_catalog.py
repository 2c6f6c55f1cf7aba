"""Volumes as objects: names, options, users, and their end."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime_lib.errors import InUse, InvalidSpec, NameTaken, VolumeNotFound
from runtime_lib.paths import Layout
from runtime_lib.store import Store
from runtime_lib.volumes import catalog
from runtime_lib.volumes.spec import VolumeSpec


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(Layout(str(tmp_path), str(tmp_path / "run")))


def container(store: Store, name: str) -> str:
    with store.transaction() as db:
        db.execute("INSERT OR IGNORE INTO images (id, config, size, created) VALUES ('i', '{}', 0, 0)")
        db.execute(
            "INSERT INTO containers (id, name, image_id, spec, phase, created) VALUES (?, ?, 'i', '', 'ready', 0)",
            (name * 8, name),
        )
    return name * 8


def test_a_volume_is_found_and_described(store: Store) -> None:
    made = catalog.create(store, VolumeSpec("data", labels={"a": "b"}))
    assert catalog.find(store, "data") == made
    assert Path(made.folder).is_dir()
    assert Path(made.folder).stat().st_mode & 0o777 == 0o755
    answer = catalog.inspect(store, "data")
    assert answer.pop("CreatedAt").endswith("Z")
    assert answer == {
        "Driver": "local",
        "Labels": {"a": "b"},
        "Mountpoint": f"{store.layout.root}/volumes/data/_data",
        "Name": "data",
        "Options": {},
        "Scope": "local",
    }


def test_creating_it_again_is_no_change(store: Store) -> None:
    made = catalog.create(store, VolumeSpec("data"))
    assert catalog.create(store, VolumeSpec("data", labels={"ignored": "as Docker does"})) == made


def test_other_options_under_the_same_name(store: Store) -> None:
    catalog.create(store, VolumeSpec("data"))
    with pytest.raises(NameTaken, match="data with other driver options"):
        catalog.create(store, VolumeSpec("data", driver_options={"type": "tmpfs", "device": "tmpfs"}))


@pytest.mark.parametrize("name", ["", "a", "../x", "a/b", "-ab", ".ab", "a\n", "ab\0", "x" * 256, "äb"])
def test_bad_names_touch_nothing(store: Store, name: str) -> None:
    with pytest.raises(InvalidSpec, match="volume name"):
        catalog.create(store, VolumeSpec(name))
    assert list(Path(store.layout.root, "volumes").iterdir()) == []


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (VolumeSpec("vv", "nfs"), "driver 'nfs' is not there"),
        (VolumeSpec("vv", driver_options={"sizes": "1"}), "unknown driver option 'sizes'"),
        (VolumeSpec("vv", driver_options={"type": "tmpfs"}), "device"),
        (VolumeSpec("vv", driver_options={"device": "/x"}), "type"),
    ],
)
def test_bad_options(spec: VolumeSpec, words: str) -> None:
    with pytest.raises(InvalidSpec, match=words):
        spec.check()


def test_a_volume_in_use_stays(store: Store) -> None:
    catalog.create(store, VolumeSpec("data"))
    web = container(store, "web")
    catalog.use(store, ["data"], web)
    with pytest.raises(InUse, match="volume data is in use by web"):
        catalog.remove(store, "data")
    with pytest.raises(InUse):
        catalog.remove(store, "data", force=True)
    with store.transaction() as db:
        db.execute("DELETE FROM containers WHERE id = ?", (web,))
    catalog.remove(store, "data")
    with pytest.raises(VolumeNotFound, match="no volume data"):
        catalog.find(store, "data")
    assert list(Path(store.layout.root, "volumes").iterdir()) == []


def test_removing_what_is_not_there(store: Store) -> None:
    with pytest.raises(VolumeNotFound):
        catalog.remove(store, "data")
    catalog.remove(store, "data", force=True)


def test_using_what_is_not_there(store: Store) -> None:
    with pytest.raises(VolumeNotFound):
        catalog.use(store, ["data"], container(store, "web"))


def test_a_removal_that_was_killed_is_finished_by_the_next_creation(store: Store) -> None:
    folder = Path(catalog.create(store, VolumeSpec("data")).folder)
    (folder / "old").write_text("x")
    with store.transaction() as db:
        db.execute("UPDATE volumes SET removing = 1")
    assert catalog.listing(store) == []
    made = catalog.create(store, VolumeSpec("data"))
    assert list(Path(made.folder).iterdir()) == []


def test_a_creation_that_was_killed_is_finished_by_the_next(store: Store) -> None:
    Path(store.layout.volume("data")).mkdir()
    assert Path(catalog.create(store, VolumeSpec("data")).folder).is_dir()


def test_links_in_a_volume_are_deleted_alone(store: Store, tmp_path: Path) -> None:
    (tmp_path / "victim").write_text("keep me")
    folder = Path(catalog.create(store, VolumeSpec("data")).folder)
    (folder / "link").symlink_to(tmp_path)
    catalog.remove(store, "data")
    assert (tmp_path / "victim").read_text() == "keep me"
