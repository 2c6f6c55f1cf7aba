from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime_lib.errors import CorruptData, ImageNotFound, InUse, InvalidSpec
from runtime_lib.images import catalog, create
from runtime_lib.images.catalog import Image, Removed
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


def test_a_configuration_that_is_none_is_refused(store: Store) -> None:
    with pytest.raises(CorruptData):
        create.image(store, {"config": {}}, [])
    with pytest.raises(InvalidSpec):
        image(store, "Wrong Name")
    assert catalog.listing(store) == []
