from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime_lib.errors import CorruptData, ImageNotFound, InUse, InvalidSpec
from runtime_lib.images import catalog, create, layers
from runtime_lib.images.catalog import Image, Removed
from runtime_lib.linux.process import Process
from runtime_lib.monitor.status import boot_id
from runtime_lib.paths import Layout
from runtime_lib.store import Store
from tests.support.archives import config


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(Layout(str(tmp_path / "root"), str(tmp_path / "run")))
    yield opened
    opened.close()


def image(store: Store, *names: str, **more: object) -> Image:
    return create.image(store, json.loads(config(**more)), [], names)


def test_an_image_is_found_by_name_id_and_prefix(store: Store) -> None:
    made = image(store, "web", "quay.io/web:2")
    refs = [
        "web",
        "web:latest",
        "docker.io/library/web",
        "quay.io/web:2",
        made.id,
        made.id[7:],
        made.id[7:19],
        made.id[:15],
    ]
    assert {catalog.find(store, ref).id for ref in refs} == {made.id}


@pytest.mark.parametrize("ref", ["nothing", "web:2", "", "*", "WEB", "sha256:", "sha256:" + "0" * 64, "f" * 65, "a b"])
def test_what_is_not_there_is_not_found(store: Store, ref: str) -> None:
    image(store, "web")
    with pytest.raises(ImageNotFound):
        catalog.find(store, ref)
    assert catalog.resolve(store, ref) is None


def test_an_ambiguous_prefix_is_told(store: Store) -> None:
    made = [image(store, author=str(number)) for number in range(17)]
    firsts = [item.id[7] for item in made]
    twice = next(first for first in firsts if firsts.count(first) > 1)
    with pytest.raises(InvalidSpec, match="ambiguous"):
        catalog.find(store, twice)


def test_a_name_comes_before_an_id_of_the_same_spelling(store: Store) -> None:
    first = image(store, author="1")
    second = image(store, first.id[7:11], author="2")
    assert catalog.find(store, first.id[7:11]).id == second.id


def test_a_name_moves_to_the_new_image(store: Store) -> None:
    first, second = image(store, "web", author="1"), image(store, "web", author="2")
    assert catalog.find(store, "web").id == second.id
    assert catalog.get(store, first.id).names == ()


def test_the_same_configuration_is_the_same_image(store: Store) -> None:
    assert image(store, "a").id == image(store, "b").id
    assert catalog.listing(store)[0].names == ("a:latest", "b:latest")


def test_tagging_tells_whether_it_changed_anything(store: Store) -> None:
    image(store, "web")
    assert catalog.tag(store, "web", "web:2")
    assert not catalog.tag(store, "web", "web:2")
    with pytest.raises(InvalidSpec):
        catalog.tag(store, "web", "web@sha256:" + "0" * 64)
    with pytest.raises(ImageNotFound):
        catalog.tag(store, "other", "x")


def test_the_last_name_takes_the_image_along(store: Store) -> None:
    made = image(store, "a", "b")
    assert catalog.remove(store, "a") == Removed(("a:latest",), None)
    assert catalog.remove(store, "b") == Removed(("b:latest",), made.id)
    assert catalog.listing(store) == []


def test_an_id_with_several_names_needs_force(store: Store) -> None:
    made = image(store, "a", "b")
    with pytest.raises(InUse, match="a:latest, b:latest"):
        catalog.remove(store, made.id)
    assert catalog.remove(store, made.id[7:19], True) == Removed(("a:latest", "b:latest"), made.id)


def container(store: Store, name: str, image_id: str, status: str) -> None:
    """A container as far as images know: a row, and for one that runs a state file that names a living process."""
    with store.transaction() as db:
        query = "INSERT INTO containers (id, name, image_id, spec, phase, created) VALUES (?, ?, ?, '{}', 'ready', 0)"
        db.execute(query, (name, name, image_id))
    if status != "created":
        folder = Path(store.layout.bundle(name))
        folder.mkdir(parents=True)
        own = Process.of(os.getpid())
        state = {"status": status, "pid": own.pid, "start_time": own.start_time, "boot_id": boot_id()}
        (folder / "state.json").write_text(json.dumps(state))


@pytest.mark.parametrize(
    ("names", "status", "by", "force", "outcome"),
    [
        # what Docker Engine 20.10 does
        ("a", "created", "a", False, "remove the container first, or use force"),
        ("a", "created", "id", False, "remove the container first, or use force"),
        ("a", "created", "a", True, "deleted"),
        ("a", "created", "id", True, "deleted"),
        ("a b", "created", "a", False, "untagged"),
        ("a b", "created", "id", False, "several names"),
        ("a b", "created", "id", True, "deleted"),
        ("a", "running", "a", False, "remove the container first, or use force"),
        ("a", "running", "a", True, "untagged"),
        ("a", "running", "id", True, "which runs; remove the container first"),
        ("a", "running", "id", False, "which runs; remove the container first"),
        ("a b", "running", "id", True, "which runs; remove the container first"),
        ("a b", "running", "a", True, "untagged"),
        ("", "created", "id", False, "remove the container first, or use force"),
        ("", "created", "id", True, "deleted"),
    ],
)
def test_an_image_in_use(store: Store, names: str, status: str, by: str, force: bool, outcome: str) -> None:
    made = image(store, *names.split())
    container(store, "user", made.id, status)
    ref = made.id if by == "id" else by
    if outcome not in ("deleted", "untagged"):
        with pytest.raises(InUse, match=outcome):
            catalog.remove(store, ref, force)
        assert catalog.find(store, made.id).names == made.names
        return
    removed = catalog.remove(store, ref, force)
    assert removed.deleted == (made.id if outcome == "deleted" else None)
    assert catalog.resolve(store, made.id) == (None if outcome == "deleted" else made.id)


def test_a_removed_image_stays_for_its_containers_alone(store: Store) -> None:
    made = image(store, "a")
    for name in ("one", "two"):
        container(store, name, made.id, "created")
    catalog.remove(store, "a", True)
    assert catalog.listing(store) == []
    assert catalog.resolve(store, made.id[7:19]) is None
    assert catalog.get(store, made.id).defaults == made.defaults
    for name, left in (("one", 1), ("two", 0)):
        with store.transaction() as db:
            db.execute("DELETE FROM containers WHERE id = ?", (name,))
        layers.release(store, made.id)
        assert len(store.query("SELECT id FROM images")) == left


def test_a_removed_image_can_come_back(store: Store) -> None:
    made = image(store, "a")
    container(store, "user", made.id, "created")
    catalog.remove(store, "a", True)
    assert image(store, "b").id == made.id
    assert [found.names for found in catalog.listing(store)] == [("b:latest",)]
    layers.collect(store)
    assert catalog.find(store, "b").id == made.id


def test_a_configuration_that_is_none_is_refused(store: Store) -> None:
    with pytest.raises(CorruptData):
        create.image(store, {"config": {}}, [])
    with pytest.raises(InvalidSpec):
        image(store, "Wrong Name")
    assert catalog.listing(store) == []
