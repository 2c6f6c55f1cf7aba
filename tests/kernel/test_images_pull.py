"""Images go to a real registry and come back the same; what breaks off goes on, and nothing wrong gets in."""

from __future__ import annotations

import gzip
import json
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime_lib.errors import CorruptData, ImageNotFound, InvalidSpec, RegistryError
from runtime_lib.images import archive, catalog, fetching, inspect, layers, origins, pull, push
from runtime_lib.paths import Layout
from runtime_lib.registry.rules import Mirror, Rule, Rules
from runtime_lib.registry.settings import Settings
from runtime_lib.store import Store
from tests.support.archives import digest, docker_archive, member, tar
from tests.support.faultregistry import Answer, FaultRegistry
from tests.support.faultregistry import serving as faulty
from tests.support.registry import Registry, serving
from tests.support.remoteimage import INDEX, MANIFEST, RemoteImage

pytestmark = pytest.mark.root
SETTINGS = Settings(Rules(), sleep=lambda _seconds: None)


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    with serving(tmp_path_factory.mktemp("registry")) as running:
        yield running


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[list[Store]]:
    opened = [Store(Layout(str(tmp_path / name), str(tmp_path / f"{name}-run"))) for name in ("one", "two")]
    yield opened
    for store in opened:
        store.close()


def lower() -> bytes:
    return tar(member("etc", kind=tarfile.DIRTYPE, mode=0o755, mtime=1), member("etc/big", os.urandom(3 << 20)))


def load(store: Store, folder: Path, name: str, *parts: bytes) -> catalog.Image:
    path = folder / "image.tar"
    path.write_bytes(docker_archive([name], *parts))
    return archive.load(store, str(path))[0].image


def test_an_image_goes_there_and_back(registry: Registry, stores: list[Store], tmp_path: Path) -> None:
    one, two = stores
    name = f"{registry.host}/there/back:1"
    image = load(one, tmp_path, name, lower(), tar(member("etc/.wh.big")))
    sent = push.push(one, name, SETTINGS)
    assert sent.changed
    assert not push.push(one, name, SETTINGS).changed
    assert pull.outlook(two, name, settings=SETTINGS) == image.id
    assert catalog.listing(two) == []
    came = pull.pull(two, name, settings=SETTINGS)
    assert (came.image.id, came.digest, came.changed) == (image.id, sent.digest, True)
    assert not pull.pull(two, name, settings=SETTINGS).changed
    assert inspect.inspect(two, name)["RepoDigests"] == inspect.inspect(one, name)["RepoDigests"]
    assert os.listdir(two.layout.temporary) == []
    exact = f"{registry.host}/there/back@{sent.digest}"
    assert catalog.find(two, exact).id == image.id
    assert catalog.remove(two, name).untagged == (name, exact)
    assert catalog.listing(two) == []
    assert pull.pull(two, exact, settings=SETTINGS).image.names == ()
    assert catalog.remove(two, exact).deleted == image.id


def test_a_layer_that_the_registry_has_is_not_sent_again(
    registry: Registry, stores: list[Store], tmp_path: Path
) -> None:
    one, two = stores
    first, second = f"{registry.host}/mounts/a:1", f"{registry.host}/mounts/b:2"
    image = load(one, tmp_path, first, lower())
    push.push(one, first, SETTINGS)
    catalog.tag(one, image.id, second)
    before = registry.blobs()
    assert push.push(one, second, SETTINGS).changed
    assert len(registry.blobs() - before) == 0
    # Another host has the same image from elsewhere: it learns the blobs from the tag.
    archive.load(two, str(tmp_path / "image.tar"))
    assert not push.push(two, first, SETTINGS).changed


def test_all_tags(registry: Registry, stores: list[Store], tmp_path: Path) -> None:
    one, two = stores
    names = [f"{registry.host}/tags:{tag}" for tag in ("1", "2")]
    image = load(one, tmp_path, names[0], lower())
    catalog.tag(one, image.id, names[1])
    assert push.tags(one, f"{registry.host}/tags") == names
    for name in names:
        push.push(one, name, SETTINGS)
    assert pull.tags(f"{registry.host}/tags", SETTINGS) == names
    with pytest.raises(InvalidSpec, match="tag can't be used"):
        pull.tags(names[0], SETTINGS)
    with pytest.raises(ImageNotFound):
        push.push(two, names[0], SETTINGS)
    with pytest.raises(RegistryError, match="no such thing"):
        pull.pull(two, f"{registry.host}/tags:3", settings=SETTINGS)


def test_a_mirror_that_lacks_the_image_is_passed_by(registry: Registry, stores: list[Store], tmp_path: Path) -> None:
    one, two = stores
    image = load(one, tmp_path, f"{registry.host}/mirrored:1", lower())
    push.push(one, f"{registry.host}/mirrored:1", SETTINGS)
    mirrors = (Mirror(f"{registry.host}/nothing"), Mirror(registry.host))
    rules = Rules((Rule("far.example", "127.0.0.1:1", mirrors=mirrors),))
    came = pull.pull(two, "far.example/mirrored:1", settings=Settings(rules, sleep=lambda _seconds: None))
    assert came.image.id == image.id
    assert came.image.names == ("far.example/mirrored:1",)


def ranges(registry: FaultRegistry, blob: str) -> list[str]:
    return [asked.headers.get("range", "") for asked in registry.asked if asked.path.endswith(blob)]


ONCE = Settings(Rules(), tries=1, sleep=lambda _seconds: None)


def test_what_broke_off_goes_on_and_finished_layers_stay(stores: list[Store]) -> None:
    store = stores[0]
    image = RemoteImage(lower(), lower())
    top = image.layers[1]
    half = len(image.blobs[top]) // 2
    image.wrong[top] = Answer(body=image.blobs[top], cut=half)
    with faulty(image.script) as registry:
        name = f"{registry.host}/half:1"
        with pytest.raises(RegistryError):
            pull.pull(store, name, settings=ONCE)
        assert catalog.listing(store) == []
        assert [entry for entry in os.listdir(store.layout.temporary) if not entry.startswith("partial-")] == []
        layers.collect(store)  # as every other command does
        image.wrong.clear()
        registry.asked.clear()
        assert pull.pull(store, name, settings=ONCE).changed
        assert ranges(registry, image.layers[0]) == []
        (asked,) = ranges(registry, top)
        assert 0 < int(asked[6:-1]) <= half
        assert os.listdir(store.layout.temporary) == []
        catalog.remove(store, name)
        assert os.listdir(store.layout.layers) == []


def test_a_damaged_beginning_is_got_again(stores: list[Store]) -> None:
    store = stores[0]
    image = RemoteImage(lower())
    blob = image.layers[0]
    with faulty(image.script) as registry:
        for content in (b"x" * 1000, b"y" * len(image.blobs[blob]), b"z" * (len(image.blobs[blob]) + 1)):
            Path(store.layout.temporary, f"partial-{blob[7:]}").write_bytes(content)
            assert pull.pull(store, f"{registry.host}/d:1", settings=ONCE).changed
            catalog.remove(store, f"{registry.host}/d:1")
            assert os.listdir(store.layout.temporary) == []


@pytest.mark.parametrize("how", ["blob", "config", "layer"])
def test_what_has_another_digest_gets_in_nowhere(stores: list[Store], how: str) -> None:
    store = stores[0]
    image = RemoteImage(lower())
    blob = image.layers[0]
    if how == "blob":
        image.wrong[blob] = Answer(body=bytes(len(image.blobs[blob])))
    elif how == "config":
        image.wrong[digest(image.config)] = Answer(body=b" " * len(image.config))
    else:  # the blob is the one of the manifest, but not the layer of the configuration
        other = gzip.compress(lower(), 1)
        image.blobs[digest(other)] = other
        image.layers = [digest(other)]
    with faulty(image.script) as registry, pytest.raises(CorruptData):
        pull.pull(store, f"{registry.host}/w:1", settings=ONCE)
    assert catalog.listing(store) == []
    assert os.listdir(store.layout.temporary) == []
    assert [name for name in os.listdir(store.layout.layers) if name != layers.EMPTY] == []


def test_what_is_no_image_here_is_told_in_a_sentence(stores: list[Store]) -> None:
    image = RemoteImage(lower())
    arm = {"mediaType": MANIFEST, "digest": digest(image.manifest), "size": len(image.manifest)}
    arm["platform"] = {"os": "linux", "architecture": "s390x"}
    index = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [arm]}).encode()
    image.wrong["old"] = Answer(body=b'{"schemaVersion": 1}', headers={"Content-Type": "application/json"})
    image.wrong["many"] = Answer(body=index, headers={"Content-Type": INDEX})
    with faulty(image.script) as registry:
        with pytest.raises(InvalidSpec, match="schema 1"):
            pull.pull(stores[0], f"{registry.host}/x:old", settings=ONCE)
        with pytest.raises(InvalidSpec, match="no matching manifest for linux/.* is for linux/s390x"):
            pull.pull(stores[0], f"{registry.host}/x:many", settings=ONCE)
        pulled = pull.pull(stores[0], f"{registry.host}/x:many", "linux/s390x", ONCE)
        assert pulled.digest == digest(index)
        image.media_type = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
        with pytest.raises(InvalidSpec, match="foreign layer"):
            pull.pull(stores[0], f"{registry.host}/x:foreign", settings=ONCE)


def test_old_partial_files_go(stores: list[Store]) -> None:
    store = stores[0]
    old, young = (Path(store.layout.temporary, f"partial-{letter * 64}") for letter in "ab")
    for path in (old, young):
        path.write_bytes(b"x")
    os.utime(old, (1, 1))
    fetching.collect(store)
    assert not old.exists()
    assert young.exists()
    assert origins.digests(store, "sha256:" + "0" * 64) == []
