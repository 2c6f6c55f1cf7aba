"""Pulls that are killed, interrupted or doubled: what has come counts, and is not fetched once more."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime_lib.cli.output import size
from runtime_lib.store import Store
from tests.support.archives import member, tar
from tests.support.faultregistry import Answer, Asked, FaultRegistry, serving
from tests.support.kills import Kills
from tests.support.remoteimage import RemoteImage
from tests.support.skiff import Skiff
from tests.support.waiting import until

PATIENCE = 60.0  # seconds for what takes less than one


@pytest.fixture
def image(archive: Path) -> RemoteImage:
    return RemoteImage(archive.read_bytes(), tar(member("big", os.urandom(3 << 20))), tar(member("last", b"x")))


@pytest.fixture
def registry(skiff: Skiff, image: RemoteImage) -> Iterator[FaultRegistry]:
    """In the test's own network, as Skiff is."""
    with serving(image.script) as running:
        yield running


def starts(registry: FaultRegistry, blob: str) -> list[int]:
    """Return from which byte on a blob was asked for, each time."""
    ranges = [asked.headers.get("range", "bytes=0-") for asked in registry.asked if asked.path.endswith(blob)]
    return [int(text[6:-1]) for text in ranges]


def partial(skiff: Skiff, blob: str) -> Path:
    return Path(skiff.layout.temporary, f"partial-{blob[7:]}")


def left(skiff: Skiff) -> list[str]:
    """Return what lies in the folder for what is not finished."""
    return os.listdir(skiff.layout.temporary)


def finished(skiff: Skiff) -> set[str]:
    """Return the layers (diff ids) that count."""
    store = Store(skiff.layout)
    try:
        return {row["diff_id"] for row in store.query("SELECT diff_id FROM layers")}
    finally:
        store.close()


def test_killed_anywhere(skiff: Skiff, image: RemoteImage, registry: FaultRegistry) -> None:
    name = f"{registry.host}/web:1"
    skiff.run("rmi", "busybox")
    kills = Kills(skiff, 16, "pull", name)
    for point in kills.points:
        skiff.run("rmi", "-f", name, check=False)
        kills.strike(point, "pull", name)
        skiff.run("images")
        done = finished(skiff)
        wanted = {blob: _missing(skiff, image, blob, done) for blob in image.layers}
        registry.asked.clear()
        skiff.run("pull", name)
        assert {blob: starts(registry, blob) for blob in image.layers} == wanted, point
        assert left(skiff) == [], point
    assert skiff.run("run", "--rm", "--network", "none", name, "wc", "-c", "/big").stdout == "3145728 /big\n"
    skiff.run("rmi", name)
    assert finished(skiff) == set()


def _missing(skiff: Skiff, image: RemoteImage, blob: str, done: set[str]) -> list[int]:
    """Return from which byte on the next pull has to ask for a blob."""
    path = partial(skiff, blob)
    have = path.stat().st_size if path.exists() else 0
    if image.diff_ids[blob] in done or have == len(image.blobs[blob]):
        return []
    return [have]


def begun(skiff: Skiff, image: RemoteImage, name: str) -> subprocess.Popen[str]:
    """Start a pull and return when half of the large layer has come; it gets no more."""
    big = image.layers[1]
    half = len(image.blobs[big]) // 2
    image.wrong[big] = Answer(200, image.blobs[big], cut=half, hold=threading.Event())
    process = subprocess.Popen(
        skiff.command("pull", name), env=skiff.environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    until(lambda: partial(skiff, big).exists() and partial(skiff, big).stat().st_size == half, PATIENCE)
    return process


def interrupted(skiff: Skiff, image: RemoteImage, name: str) -> None:
    """Press Ctrl-C when half of the large layer has come."""
    process = begun(skiff, image, name)
    process.send_signal(signal.SIGINT)
    _out, told = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert "Traceback" not in told
    assert [name for name in left(skiff) if not name.startswith("partial-")] == []
    hold = image.wrong.pop(image.layers[1]).hold
    assert hold
    hold.set()


def test_what_an_interrupted_pull_leaves_is_pruned(skiff: Skiff, image: RemoteImage, registry: FaultRegistry) -> None:
    interrupted(skiff, image, f"{registry.host}/web:1")
    kept = sum(Path(skiff.layout.temporary, name).stat().st_size for name in left(skiff))
    assert kept >= len(image.blobs[image.layers[1]]) // 2
    kinds = skiff.run("system", "df", "--format", "{{.Type}}: {{.Size}}").stdout.splitlines()
    assert f"Build Cache: {size(kept, 4)}" in kinds
    told = skiff.run("system", "prune", "-f").stdout
    assert "Deleted partial layers:" in told
    assert image.layers[1] in told
    assert left(skiff) == []


def test_interrupted_and_gone_on_with(skiff: Skiff, image: RemoteImage, registry: FaultRegistry) -> None:
    name = f"{registry.host}/web:1"
    interrupted(skiff, image, name)
    big = image.layers[1]
    registry.asked.clear()
    skiff.run("pull", name)
    assert starts(registry, big) == [len(image.blobs[big]) // 2]
    assert left(skiff) == []
    skiff.run("rmi", name)


def test_two_at_once_fetch_once(skiff: Skiff, image: RemoteImage, registry: FaultRegistry) -> None:
    name = f"{registry.host}/web:1"
    first = begun(skiff, image, name)
    second = subprocess.Popen(
        skiff.command("pull", name), env=skiff.environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )

    def manifests() -> list[Asked]:
        return [asked for asked in registry.asked if "/manifests/" in asked.path]

    until(lambda: len(manifests()) == 2, PATIENCE)
    hold = image.wrong[image.layers[1]].hold
    assert hold
    hold.set()
    for process in (first, second):
        out, told = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, told
        assert out.splitlines()[-1] == name
    assert [starts(registry, blob) for blob in image.layers] == [[], [0], [0]]  # the lowest layer is that of `busybox`
    assert left(skiff) == []
    skiff.run("rmi", name)
