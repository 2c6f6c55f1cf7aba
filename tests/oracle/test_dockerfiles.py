"""Every Dockerfile of `dockerfiles/` in Docker's builder and in ours: configuration, history, and every path."""

from __future__ import annotations

import os
import shlex
import subprocess
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.oracle import build_cases, build_context
from tests.oracle.build_cases import Case
from tests.oracle.build_images import Saved, parts, without_mount_points
from tests.support.skiff import Skiff

ENGINE = shlex.split(os.environ.get("SKIFF_DOCKER", ""))  # conftest.py has started one
CASES = {case.name: case for case in build_cases.read()}
COMPARES = "test_the_same_image"

pytestmark = [
    pytest.mark.root,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root"),
    pytest.mark.skipif(not build_context.BUSYBOX.exists(), reason="needs busybox-static"),
    pytest.mark.skipif(not ENGINE, reason="needs a Docker Engine: install docker.io, or name a client in SKIFF_DOCKER"),
]


@dataclass
class Outcome:
    """What a builder has made of a case: an image id, or what it has said in place of it."""

    image: str
    said: str


class Builder:
    """The command line of a builder; `save` reads all of its images at once."""

    def __init__(self, command: list[str], environment: dict[str, str], folder: Path) -> None:
        self._command = command
        self._environment = environment
        self._folder = folder

    def __call__(self, *arguments: str, **more: Any) -> subprocess.CompletedProcess[bytes]:
        environment = {**self._environment, **more.pop("env", {})}
        return subprocess.run([*self._command, *arguments], capture_output=True, env=environment, check=False, **more)

    def build(self, case: Case, context: Path) -> Outcome:
        kit = {"DOCKER_BUILDKIT": "1" if case.builder == "buildkit" else "0"}
        done = self("build", "-q", *case.options, str(context), env=kit)
        said = (done.stdout + done.stderr).decode(errors="replace")
        return Outcome(done.stdout.decode().strip() if done.returncode == 0 else "", said)

    def save(self, images: list[str]) -> Saved:
        done = self("save", "-o", str(self._folder / "saved.tar"), *images)
        assert done.returncode == 0, done.stderr
        return Saved(self._folder / "saved.tar")


@dataclass
class Both:
    """All outcomes of both builders."""

    docker: dict[str, Outcome]
    skiff: dict[str, Outcome]
    docker_saved: Saved
    skiff_saved: Saved


@pytest.fixture(scope="module")
def both(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    """Build all that was selected: each test then compares one case."""
    cases = [item.callspec.params["name"] for item in request.session.items if item.originalname == COMPARES]  # type: ignore[attr-defined]
    folder = tmp_path_factory.mktemp("dockerfiles")
    base = f"skiff-oracle-{uuid.uuid4().hex[:8]}"
    content = build_context.base_tar()
    docker = Builder(ENGINE, dict(os.environ), _made(folder / "theirs"))
    host = Skiff(_made(folder / "ours"))
    skiff = Builder(host.command(), host.environment, folder / "ours")
    imported = docker("import", "-", base, input=content)
    assert imported.returncode == 0, imported.stderr
    theirs: dict[str, Outcome] = {}
    try:
        imported = skiff("import", "-", base, input=content)
        assert imported.returncode == 0, imported.stderr
        build_context.fill(_made(folder / "context"))
        theirs = _all(docker, base, folder / "theirs", folder / "context", cases, True)
        ours = _all(skiff, base, folder / "ours", folder / "context", cases, False)
        saved = [builder.save(_images(found)) for builder, found in ((docker, theirs), (skiff, ours))]
        yield Both(theirs, ours, *saved)
        for archive in saved:
            archive.close()
    finally:
        docker("image", "rm", "-f", *{*_images(theirs), base})
        host.remove_everything()


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _all(
    builder: Builder, base: str, folder: Path, template: Path, names: list[str], docker: bool
) -> dict[str, Outcome]:
    def one(name: str) -> Outcome:
        case = CASES[name]
        context = folder / case.name
        subprocess.run(["cp", "-a", template, context], check=True)
        case.fill(context, base, docker)
        return builder.build(case, context)

    with ThreadPoolExecutor(3) as pool:
        return dict(zip(names, pool.map(one, names)))


def _images(found: dict[str, Outcome]) -> list[str]:
    return sorted({outcome.image for outcome in found.values() if outcome.image})


@pytest.mark.parametrize("name", CASES)
def test_the_same_image(name: str, both: Both) -> None:
    case, theirs, ours = CASES[name], both.docker[name], both.skiff[name]
    if case.refused:
        assert not theirs.image
        assert not ours.image, f"Docker said {theirs.said}"
        assert ours.said.startswith("skiff: "), "a sentence, no traceback"
        return
    assert theirs.image, f"Docker said {theirs.said}"
    assert ours.image, f"Skiff said {ours.said}"
    expected = parts(both.docker_saved.config(theirs.image), both.docker_saved.tree(theirs.image))
    if case.builder == "buildkit":
        expected["tree"] = without_mount_points(expected["tree"])
    found = parts(both.skiff_saved.config(ours.image), both.skiff_saved.tree(ours.image))
    compared = [part for part in expected if part != "history" or (case.builder == "classic" and case.theirs is None)]
    for part in compared:
        if part in case.differs:
            assert found[part] != expected[part], f"{part} is equal by now: {case.differs[part]}"
        else:
            assert found[part] == expected[part], part
