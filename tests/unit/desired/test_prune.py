"""What is cleared away, on a store without kernel objects."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime_lib.desired.prune import perform, plan
from runtime_lib.errors import InvalidSpec
from runtime_lib.images import catalog as images
from runtime_lib.images import create
from runtime_lib.paths import Layout
from runtime_lib.store import Store
from runtime_lib.volumes import catalog as volumes
from runtime_lib.volumes.spec import VolumeSpec

NOTHING = {
    **dict.fromkeys(("builder_cache", "builder_cache_all", "containers", "images", "networks", "volumes"), False),
    **{f"{kind}_filters": None for kind in ("builder_cache", "containers", "images", "networks", "volumes")},
    "builder_cache_keep_storage": None,
}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(Layout(str(tmp_path / "root"), str(tmp_path / "run")))


def image(store: Store, *names: str, author: str = "", **config: object) -> images.Image:
    document = {"architecture": "amd64", "os": "linux", "author": author, "config": config}
    return create.image(store, {**document, "rootfs": {"type": "layers", "diff_ids": []}}, [], names)


def container(store: Store, name: str, image_id: str = "") -> str:
    with store.transaction() as db:
        db.execute(
            "INSERT INTO containers (id, name, image_id, spec, phase, stopped_by_user, created)"
            " VALUES (?, ?, ?, '{}', 'ready', 0, 1000000000)",
            (name * 64, name, image_id),
        )
    return name * 64


def keys(store: Store, **asked: dict[str, list[str]]) -> list[str]:
    return [step.key for step in plan(store, asked)]


def test_volumes(store: Store) -> None:
    base = image(store, "web")
    for name in ("used", "free"):
        volumes.create(store, VolumeSpec(name))
    volumes.use(store, ["used"], container(store, "c", base.id))
    nameless = volumes.create_anonymous(store, {"a": "b"})
    assert keys(store, volumes={}) == [nameless.name]
    assert keys(store, volumes={"label": ["a=c"]}) == []
    assert sorted(keys(store, volumes={"all": ["true"]})) == sorted(["free", nameless.name])


def test_images(store: Store) -> None:
    named, nameless, used = image(store, "web", "web:2"), image(store, author="1"), image(store, author="2")
    container(store, "c", used.id)
    assert keys(store, images={}) == [nameless.id]
    assert sorted(keys(store, images={"dangling": ["false"]})) == sorted([named.id, nameless.id])


def test_what_containers_that_go_have_used_goes_too(store: Store) -> None:
    base = image(store, "web")
    gone = container(store, "c", base.id)
    volumes.create(store, VolumeSpec("data"))
    volumes.use(store, ["data"], gone)
    everything = {"containers": {}, "images": {"dangling": ["false"]}, "volumes": {"all": ["1"]}}
    assert keys(store, **everything) == [gone, base.id, "data"]
    assert keys(store, containers={"until": ["1"]}) == []
    assert keys(store, containers={"until": ["2"]}) == [gone]


def test_check_mode_tells_the_same_and_leaves_all(store: Store) -> None:
    unused = image(store)
    options = {**NOTHING, "images": True, "volumes": True}
    seen = perform(store, options, True)
    assert [entry.id for entry in images.listing(store)] == [unused.id]
    done = perform(store, options, False)
    assert seen.facts == done.facts
    assert seen.changed
    assert done.facts["images"] == [unused.id]
    assert images.listing(store) == []
    assert not perform(store, options, False).changed


def test_wrong_filters_are_told(store: Store) -> None:
    for kind in ("containers", "images", "networks", "volumes", "builder_cache"):
        with pytest.raises(InvalidSpec, match="can be picked by"):
            plan(store, {kind: {"nothing": ["1"]}})
