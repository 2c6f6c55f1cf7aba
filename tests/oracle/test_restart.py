"""Restart policies: how often, after which pauses, and who ends it, under both engines."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from .conftest import IMAGE, Engine

PATIENCE = 60.0  # seconds
STATE = "{{.State.Status}} {{.State.ExitCode}} {{.RestartCount}} {{.HostConfig.RestartPolicy.Name}}"
NOTE = "cut -d ' ' -f 1 /proc/uptime >> /v/runs"
SHORT = f"{NOTE}; exit 3"
UNTIL_TOLD = f"{NOTE}; while [ ! -e /v/end ]; do sleep 0.05; done; exit 3"


class Watched:
    """A container whose runs note their times in a folder of the host."""

    def __init__(self, engine: Engine, folder: Path, policy: str, script: str) -> None:
        self.engine = engine
        self.folder = folder
        self.name = f"oracle-{uuid.uuid4().hex[:8]}"
        options = ("-d", "--name", self.name, "--network", "none", "--restart", policy, "-v", f"{folder}:/v")
        started = engine.call("run", *options, IMAGE, "sh", "-c", script)
        assert started.returncode == 0, started.stderr

    def runs(self) -> list[float]:
        noted = self.folder / "runs"
        return [float(line) for line in noted.read_text().split()] if noted.exists() else []

    def state(self) -> str:
        return self.engine.call("inspect", "-f", STATE, self.name).stdout.strip()

    def until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, (self.engine.name, self.state(), self.runs())
            time.sleep(0.05)

    def ended(self) -> tuple[str, int]:
        self.until(lambda: self.state().startswith("exited"))
        return self.state(), len(self.runs())


@contextmanager
def watched(engine: Engine, folder: Path, policy: str, script: str) -> Iterator[Watched]:
    own = folder / engine.name
    own.mkdir()
    one = Watched(engine, own, policy, script)
    try:
        yield one
    finally:
        engine.call("rm", "-f", one.name)


def both(docker: Engine, skiff: Engine, ask: Callable[[Engine], Any]) -> None:
    theirs, ours = ask(docker), ask(skiff)
    assert ours == theirs


@pytest.mark.parametrize(
    ("policy", "script"),
    [("no", SHORT), ("on-failure:2", SHORT), ("on-failure:1", f"{NOTE}; exit 0"), ("on-failure", f"{NOTE}; exit 0")],
)
def test_how_often(policy: str, script: str, tmp_path: Path, docker: Engine, skiff: Engine) -> None:
    def ask(engine: Engine) -> Any:
        with watched(engine, tmp_path, policy, script) as one:
            return one.ended()

    both(docker, skiff, ask)


@pytest.mark.parametrize("engine_name", ["docker", "skiff"])
def test_pauses_double(engine_name: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    engine: Engine = request.getfixturevalue(engine_name)
    with watched(engine, tmp_path, "always", SHORT) as one:
        one.until(lambda: len(one.runs()) >= 5)
        times = one.runs()
    gaps = [later - earlier for earlier, later in zip(times, times[1:])]
    # Not before; how much later is the host's business. /proc/uptime has hundredths.
    assert all(gap >= pause - 0.02 for gap, pause in zip(gaps, (0.1, 0.2, 0.4, 0.8))), gaps


@pytest.mark.parametrize("verb", [("stop",), ("kill",), ("kill", "-s", "TERM")], ids=" ".join)
@pytest.mark.parametrize("policy", ["always", "unless-stopped", "on-failure"])
def test_who_ends_it_by_a_verb_has_it_ended(
    policy: str, verb: tuple[str, ...], tmp_path: Path, docker: Engine, skiff: Engine
) -> None:
    def ask(engine: Engine) -> Any:
        script = f"trap 'exit 9' TERM; {UNTIL_TOLD}"
        with watched(engine, tmp_path, policy, script) as one:
            one.until(lambda: len(one.runs()) == 1)
            done = engine.call(*verb, one.name).returncode
            return done, one.ended()

    both(docker, skiff, ask)


def test_a_start_by_hand_begins_to_count_anew(tmp_path: Path, docker: Engine, skiff: Engine) -> None:
    def ask(engine: Engine) -> Any:
        with watched(engine, tmp_path, "on-failure:1", SHORT) as one:
            before = one.ended()
            engine.call("start", one.name)
            one.until(lambda: len(one.runs()) == 4)
            return before, one.ended()

    both(docker, skiff, ask)


def test_a_policy_that_is_changed_counts_at_once(tmp_path: Path, docker: Engine, skiff: Engine) -> None:
    def ask(engine: Engine) -> Any:
        with watched(engine, tmp_path, "no", UNTIL_TOLD) as one:
            engine.call("update", "--restart", "on-failure:1", one.name)
            one.until(lambda: len(one.runs()) == 1)
            (one.folder / "end").touch()
            return one.ended()

    both(docker, skiff, ask)


def test_what_cannot_be_started_is_not_tried_again(docker: Engine, skiff: Engine) -> None:
    def ask(engine: Engine) -> Any:
        name = f"oracle-{uuid.uuid4().hex[:8]}"
        done = engine.call("run", "-d", "--name", name, "--restart", "always", IMAGE, "no-such-program")
        shown = engine.call("inspect", "-f", STATE, name).stdout.strip()
        engine.call("rm", "-f", name)
        return done.returncode, shown

    both(docker, skiff, ask)
