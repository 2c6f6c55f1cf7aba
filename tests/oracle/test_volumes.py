"""Volumes on both engines: every form of their mounts, their events, what is said of them, and their end."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator

import pytest

from .conftest import IMAGE, Engine

TAG = f"volumes{os.getpid()}"
DATA = f"{TAG}-data"


@pytest.fixture(autouse=True)
def clean(docker: Engine, skiff: Engine) -> Iterator[None]:
    """Leave nothing on the engine that may be somebody else's."""
    yield
    for engine in (docker, skiff):
        containers = engine.call("ps", "-aq", "--filter", f"name={TAG}").stdout.split()
        if containers:
            engine.call("rm", "-f", "-v", *containers)
        volumes = engine.call("volume", "ls", "-q", "--filter", f"name={TAG}").stdout.split()
        if volumes:
            engine.call("volume", "rm", *volumes)


def must(engine: Engine, *words: str) -> str:
    done = engine.call(*words)
    assert done.returncode == 0, f"{engine.name} {words}: {done.stderr}"
    return done.stdout


def told(engine: Engine) -> list[str]:
    """Return the events of volumes in the life of a container, sorted within one moment of each."""
    name = f"{TAG}-box"
    begin = time.time()
    must(engine, "volume", "create", DATA)
    options = ("-v", f"{DATA}:/rw", "-v", f"{DATA}:/ro:ro", "--mount", "type=tmpfs,target=/t", "-v", "/etc:/b")
    must(engine, "run", "-d", "--name", name, "--network", "none", *options, IMAGE, "sleep", "1000")
    must(engine, "restart", "-t", "0", name)
    must(engine, "kill", name)
    must(engine, "wait", name)
    must(engine, "rm", name)
    must(engine, "volume", "rm", DATA)
    window = ("--since", f"{begin:.9f}", "--until", f"{time.time() + 0.1:.9f}", "--filter", f"volume={DATA}")
    lines = must(engine, "events", *window, "--format", "{{.Action}} {{json .Actor}}").splitlines()
    lines = [re.sub(r"[0-9a-f]{64}", "ID", line) for line in lines if "volumes" in line]
    mounts = [line for line in lines if line.startswith(("mount", "unmount"))]
    assert lines[0].startswith("create")
    assert lines[-1].startswith("destroy")
    return [lines[0], *(line for at in range(0, len(mounts), 2) for line in sorted(mounts[at : at + 2])), lines[-1]]


def test_events(docker: Engine, skiff: Engine) -> None:
    theirs, ours = told(docker), told(skiff)
    assert len(theirs) == 10
    assert ours == theirs
