"""What runs again after the host went down: every restart policy and state of a container, on both engines."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.support import leftovers, power, waiting
from tests.support.dockerd import Dockerd
from tests.support.skiff import Skiff

IMAGE = "boot"
PATIENCE = 120.0  # seconds
# Ends by its stop signal with 0, or only by SIGKILL.
MEEK = ("sh", "-c", "trap 'exit 0' TERM; touch /ready/$(hostname); while :; do sleep 0.1; done")
DEAF = ("sh", "-c", "trap '' TERM; touch /ready/$(hostname); while :; do sleep 0.1; done")
ALL = (
    "created",
    "runs",
    "deaf",
    "paused",
    "paused-deaf",
    "stopped",
    "stopped-deaf",
    "killed",
    "ended",
    "started-again",
)
POLICIES = {
    "no": ("runs", "deaf", "stopped", "failed"),
    # Not "failed": it waits for its next run, which Docker forgets at a power cut, but not when it ends in peace.
    "on-failure": ALL,
    "on-failure:1": ("runs", "failed"),
    "always": (*ALL, "failed"),
    "unless-stopped": (*ALL, "failed"),
}
PROGRAMS = {"deaf": DEAF, "paused-deaf": DEAF, "stopped-deaf": DEAF, "ended": ("true",), "failed": ("false",)}
BY_USER = {
    "paused": ("pause",),
    "paused-deaf": ("pause",),
    "stopped": ("stop",),
    "stopped-deaf": ("stop",),
    "started-again": ("stop", "start"),
    "killed": ("kill",),
}


Ways = tuple[Callable[[], object], ...]


class Host:
    """An engine on a host of its own."""

    def __init__(self, engine: Dockerd | Skiff, ready: Path, ways: Mapping[str, Ways]) -> None:
        """`ready` is a folder in which a program says that it takes signals now; `ways` are those of going down."""
        self._engine = engine
        self._ready = ready
        self.ways = ways

    def run(self, *words: str) -> str:
        return self._engine.run(*words).stdout

    def prepare(self) -> None:
        """Make a container for each policy and state, and wait until each is in that state."""
        with ThreadPoolExecutor(4) as pool:
            wanted = [(policy, state) for policy, states in POLICIES.items() for state in states]
            list(pool.map(lambda pair: self._make(*pair), wanted))
        self._await(lambda one: one["ExitCode"] == 1 or one["Restarting"], "failed")
        self._await(lambda one: not one["Running"] or one["Restarting"], "ended")
        for state in ("runs", "deaf", *BY_USER):
            self._await_signals(names_of(state))
        for state, verbs in BY_USER.items():
            for verb in verbs:
                self._act(verb, names_of(state))

    def _make(self, policy: str, state: str) -> None:
        own = name(policy, state)
        patience = "1" if "deaf" in state else "60"  # a meek one is never killed, however slow the host is
        options = ["--name", own, "--hostname", own, "--network", "none", "--stop-timeout", patience]
        options += ["-v", f"{self._ready}:/ready"]
        verb = ("create",) if state == "created" else ("run", "-d")
        self.run(*verb, *options, "--restart", policy, IMAGE, *PROGRAMS.get(state, MEEK))

    def _act(self, verb: str, names: list[str]) -> None:
        """Have the user do something, and wait until what was started takes signals."""
        if verb != "start":
            self.run(verb, *names)
            return
        for one in names:
            (self._ready / one).unlink()
        self.run(verb, *names)
        self._await_signals(names)

    def _await_signals(self, names: list[str]) -> None:
        until(lambda: set(names) <= set(os.listdir(self._ready)), "the signals are taken")

    def states(self) -> dict[str, dict[str, Any]]:
        ids = self.run("ps", "-aq", "--no-trunc").split()
        return {one["Name"][1:]: one["State"] for one in json.loads(self.run("inspect", *ids))}

    def _await(self, condition: Callable[[dict[str, Any]], bool], state: str) -> None:
        until(lambda: all(condition(one) for key, one in self.states().items() if key.endswith(f".{state}")), state)


def name(policy: str, state: str) -> str:
    return f"{policy.replace(':', '')}.{state}"


def names_of(state: str) -> list[str]:
    """Return the names of all containers that are to be in a state."""
    return [name(policy, state) for policy, states in POLICIES.items() if state in states]


def until(condition: Callable[[], bool], what: str) -> None:
    waiting.until(condition, PATIENCE, what)


@pytest.fixture
def docker_host(archive: Path, tmp_path: Path) -> Iterator[Host]:
    (tmp_path / "docker").mkdir()
    engine = Dockerd("--bridge=none", "--iptables=false", own_network=True)
    try:
        engine.run("import", str(archive), IMAGE)
        ways = {"shutdown": (engine.shut_down, engine.come_up), "power cut": (engine.cut_power, engine.come_up)}
        yield Host(engine, tmp_path / "docker", ways)
    finally:
        engine.stop()


@pytest.fixture
def skiff_host(archive: Path, tmp_path: Path) -> Iterator[Host]:
    (tmp_path / "skiff").mkdir()
    folder = Path(tempfile.mkdtemp(prefix="skiff-boot-"))
    engine = Skiff(folder)

    def shut_down() -> None:
        engine.run("shutdown")
        power.forget(engine)

    def cut_power() -> None:
        power.cut(engine)

    def come_up() -> None:
        engine.run("restore")

    try:
        engine.run("import", str(archive), IMAGE)
        yield Host(engine, tmp_path / "skiff", {"shutdown": (shut_down, come_up), "power cut": (cut_power, come_up)})
        engine.remove_everything()
        # Its containers have no interface of the host's, where others have theirs.
        assert leftovers.of(engine.root, engine.layout.label, counts=lambda _interface: False) == {}
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.parametrize("way", ["shutdown", "power cut"])
def test_what_runs_after_the_host_went_down(way: str, docker_host: Host, skiff_host: Host) -> None:
    docker, skiff = (after(host, way) for host in (docker_host, skiff_host))
    assert skiff == docker


def after(host: Host, way: str) -> dict[str, str]:
    """Return for each container whether it runs again, or how it has ended."""
    host.prepare()
    for step in host.ways[way]:
        step()
    return {key: words(key, state) for key, state in host.states().items()}


def words(key: str, state: dict[str, Any]) -> str:
    if state["Status"] in ("running", "restarting"):
        return "runs again"
    if key.endswith((".ended", ".failed")) and key.startswith(("always", "unless")) and state["Status"] == "exited":
        return "runs again"  # for a moment, which has just passed; one that waits for its next run is "restarting"
    return f"{state['Status']} {state['ExitCode']}"
