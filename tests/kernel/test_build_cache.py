"""Caches of builds that leave the host: what another host has built is not built again, and has the same id."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime_lib.build import cachespec
from runtime_lib.build.spec import BuildResult
from runtime_lib.errors import InvalidSpec
from runtime_lib.images import archive, push
from runtime_lib.images.save import save
from runtime_lib.images.selection import select
from tests.support import registry
from tests.support.builder import Builder

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
TEXT = """FROM base AS one
RUN mkdir /d; echo one > /d/f
RUN true
FROM base
COPY file /file
COPY --from=one /d /d
WORKDIR /work
RUN date +%N > /made
"""


@pytest.fixture
def hosts(tmp_path: Path, base_tar: Path) -> Iterator[list[Builder]]:
    """Two installations with the same base image and equal contexts."""
    made = []
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        made.append(Builder(tmp_path / name, base_tar))
        made[-1].file("file", "content")
    with (tmp_path / "base.tar").open("w+b") as file:
        save(made[0].store, select(made[0].store, ["base"]), file.fileno())
    archive.load(made[1].store, str(tmp_path / "base.tar"))
    yield made
    for one in made:
        one.end()


def new(result: BuildResult) -> list[str]:
    return [step.text for step in result.steps if not step.cached]


def build(host: Builder, source: str = "", target: str = "") -> BuildResult:
    found = {"cache_from": (cachespec.source(source),)} if source else {}
    wanted = {"cache_to": (cachespec.target(target),)} if target else {}
    return host.build(TEXT, **found, **wanted)


def test_a_second_host_builds_nothing(hosts: list[Builder], tmp_path: Path) -> None:
    first, second = hosts
    made = build(first, target=f"type=local,dest={tmp_path}/cache,mode=max")
    assert len(new(made)) == 6
    images = first.store.query("SELECT id FROM images")
    assert build(first, target=f"type=local,dest={tmp_path}/cache,mode=max").image.id == made.image.id
    assert first.store.query("SELECT id FROM images") == images, "no image of the cache has stayed"
    again = build(second, f"type=local,src={tmp_path}/cache")
    assert new(again) == []
    assert again.image.id == made.image.id
    assert second.read(again, "/made") == first.read(made, "/made")
    assert (build(second).changed, new(build(second))) == (False, [])


def test_only_what_is_the_same_is_taken(hosts: list[Builder], tmp_path: Path) -> None:
    first, second = hosts
    build(first, target=f"type=local,dest={tmp_path}/cache")
    second.file("file", "another content")
    again = build(second, f"type=local,src={tmp_path}/cache")
    assert new(again) == [line for line in TEXT.splitlines() if not line.startswith("FROM")]
    assert second.read(again, "/file") == "another content"
    assert second.read(again, "/d/f") == "one\n"


def test_registry_and_inline(hosts: list[Builder], tmp_path: Path) -> None:
    first, second = hosts
    with registry.serving(tmp_path / "registry") as server:
        name = f"{server.host}/cache:1"
        made = build(first, target=f"type=registry,ref={name},mode=max")
        taken = build(second, f"type=registry,ref={name}")
        assert (new(taken), taken.image.id) == ([], made.image.id)
        name = f"{server.host}/inline:1"
        inline = first.build(TEXT, names=(name,), cache_to=(cachespec.target("type=inline"),))
        assert inline.image.id != made.image.id
        push.push(first.store, name)
        with second.store.transaction() as db:
            db.execute("DELETE FROM build_cache")
        assert new(build(second, name)) == ["RUN mkdir /d; echo one > /d/f", "RUN true"]
        missing = build(second, f"{server.host}/missing:1")
        assert f"the cache {server.host}/missing:1 is not used" in missing.log


def test_an_image_of_the_host(builder: Builder) -> None:
    builder.file("file", "content")
    inline = builder.build(TEXT, names=("inline",), cache_to=(cachespec.target("type=inline"),))
    with builder.store.transaction() as db:
        db.execute("DELETE FROM build_cache")
    again = build(builder, "inline")
    assert len(new(again)) == 2
    assert builder.read(again, "/made") == builder.read(inline, "/made")


def test_a_damaged_cache_is_no_cache(hosts: list[Builder], tmp_path: Path) -> None:
    first, second = hosts
    build(first, target=f"type=local,dest={tmp_path}/cache,mode=max")
    for path in (tmp_path / "cache/blobs/sha256").iterdir():
        if not path.read_bytes().startswith(b"{"):
            path.write_bytes(path.read_bytes()[:-7] + b"damaged")
    again = build(second, f"type=local,src={tmp_path}/cache")
    assert len(new(again)) == 6
    assert "a layer of the cache is not used" in again.log


def test_what_is_no_cache(builder: Builder, tmp_path: Path) -> None:
    builder.file("file", "content")
    result = build(builder, f"type=local,src={tmp_path}/missing")
    assert "[Warning] the cache" in result.log
    assert len(new(result)) == 6
    with pytest.raises(InvalidSpec, match="cannot write"):
        build(builder, target=f"type=local,dest={tmp_path}/missing/cache")
    result = build(builder, target=f"type=local,dest={tmp_path}/missing/cache,ignore-error=true")
    assert "[Warning] the cache was not written" in result.log
