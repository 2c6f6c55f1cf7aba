"""The same pulls and pushes by both engines, from and to one registry: ids, digests and what is printed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.registry import Registry, serving

from .conftest import IMAGE, Engine

VIEW = "{{json .Id}} {{json .RepoTags}} {{json .RepoDigests}} {{json .RootFS.Layers}}"


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
