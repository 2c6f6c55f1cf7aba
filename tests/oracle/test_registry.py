"""The same pulls and pushes by both engines, from and to one registry: ids, digests and what is printed."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.archives import Layout, member, tar
from tests.support.makers import Makers
from tests.support.registry import Registry, serving

from .conftest import IMAGE, Engine

VIEW = "{{json .Id}} {{json .RepoTags}} {{json .RepoDigests}} {{json .RootFS.Layers}}"

INDEX = "application/vnd.oci.image.index.v1+json"
FULL = ("linux/386", "linux/arm/v5", "linux/arm/v6", "linux/arm/v7", "linux/arm64/v8", "linux/amd64", "linux/s390x")
PLAIN = ("linux/arm64", "linux/arm", "linux/amd64/v1")
WANTED = {
    FULL: ("", "linux", "linux/arm", "armel", "linux/arm64", "x86_64", "linux/amd64/v3"),
    PLAIN: ("linux/arm/v7", "linux/arm64/v8", "linux/amd64", "nonsense", "linux/arm/v7/x"),
    ("linux/arm/v6", "linux/arm/v5", "linux/amd64/v2"): ("linux/arm/v7", "linux/amd64/v2"),
}


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    with serving(tmp_path_factory.mktemp("registry")) as running:
        yield running


def said(engine: Engine, *words: str) -> tuple[int, str]:
    done = engine.call(*words)
    return done.returncode, done.stdout


@pytest.mark.parametrize("sender", ["docker", "skiff"])
def test_what_one_sends_both_get(docker: Engine, skiff: Engine, registry: Registry, sender: str) -> None:
    engines = {"docker": docker, "skiff": skiff}
    name = f"{registry.host}/{sender}/image"
    source = engines[sender]
    source.call("tag", IMAGE, f"{name}:1")
    code, printed = said(source, "push", f"{name}:1")
    assert code == 0
    digest = printed.split()[-3]
    source.call("rmi", f"{name}:1")
    exact = f"{name}@{digest}"
    try:
        for words in (
            ("pull", f"{name}:1"),
            ("pull", f"{name}:1"),
            ("pull", "-q", f"{name}:1"),
            ("inspect", "-f", VIEW, exact),
            ("pull", exact),
            ("images", "--digests", "--format", "{{.Repository}} {{.Tag}} {{.Digest}} {{.ID}}", name),
            ("run", "--rm", f"{name}:1", "true"),
            ("tag", f"{name}:1", f"{name}:2"),
            ("push", f"{name}:2"),
            ("push", "-a", name),
            ("push", "-q", f"{name}:2"),
        ):
            theirs, ours = (said(engine, *words) for engine in (docker, skiff))
            # The engine that sent it has the image under another name, too, and so gets no layer.
            if words == ("pull", f"{name}:1") and theirs != ours:
                theirs, ours = (_last(each) for each in (theirs, ours))
            if words[0] == "inspect":
                theirs, ours = (_own(each, name) for each in (theirs, ours))
            assert ours == theirs, words
    finally:
        for engine in (docker, skiff):
            engine.call("rmi", f"{name}:1", f"{name}:2")


def _last(answer: tuple[int, str]) -> tuple[int, str]:
    """Return an answer without its lines about layers."""
    lines = [line for line in answer[1].splitlines() if line[:12].strip("0123456789abcdef")]
    return answer[0], "\n".join(lines)


def _own(answer: tuple[int, str], name: str) -> tuple[int, str]:
    """Return an answer without names that only the sender has."""
    words = answer[1].replace("[", "[ ").replace("]", " ]").replace(",", " ").split()
    return answer[0], " ".join(word for word in words if "sha256" in word or name in word)


def test_what_is_not_there(docker: Engine, skiff: Engine, registry: Registry) -> None:
    for words in (
        ("pull", f"{registry.host}/nothing:1"),
        ("pull", "-a", f"{registry.host}/nothing:1"),
        ("pull", f"{registry.host}/Upper"),
        ("push", f"{registry.host}/nothing:1"),
        ("push", "-a", f"{registry.host}/nothing"),
    ):
        assert said(skiff, *words)[0] == said(docker, *words)[0] == 1, words
    for engine in (docker, skiff):
        assert engine.call("run", "--rm", f"{registry.host}/nothing:1", "true").returncode == 125
        assert engine.call("run", "--pull", "never", f"{registry.host}/nothing:1", "true").returncode == 125


@pytest.mark.parametrize("platforms", WANTED, ids=("full", "plain", "old"))
def test_the_same_image_is_chosen_for_a_platform(
    docker: Engine, skiff: Engine, registry: Registry, tmp_path: Path, platforms: tuple[str, ...]
) -> None:
    name = f"{registry.host}/several:{len(platforms)}"
    _send_index(tmp_path / "layout", name, platforms)
    try:
        for wanted in WANTED[platforms]:
            assert _chosen(skiff, name, wanted) == _chosen(docker, name, wanted), wanted
    finally:
        for engine in (docker, skiff):
            engine.call("rmi", name)


def _send_index(folder: Path, name: str, platforms: tuple[str, ...]) -> None:
    layout = Layout(folder)
    for platform in platforms:
        words = dict(zip(("os", "architecture", "variant"), platform.split("/")))
        layout.image(tar(member(platform.replace("/", "-"), kind=tarfile.DIRTYPE)), platform=words)
    images, layout.index["manifests"] = layout.index["manifests"], []
    layout.add({"schemaVersion": 2, "mediaType": INDEX, "manifests": images})
    Makers.skopeo("copy", "--all", "--dest-tls-verify=false", f"oci:{folder}", f"docker://{name}")


def _chosen(engine: Engine, name: str, platform: str) -> str:
    """Return the id of the image that comes for a platform, or "none"."""
    engine.call("rmi", name)
    done = engine.call("pull", "-q", "--platform", platform, name)
    return engine.call("inspect", "-f", "{{.Id}}", name).stdout if done.returncode == 0 else "none"
