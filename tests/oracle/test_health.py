"""Health checks: the same statuses, streaks and results as Docker's."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from .conftest import IMAGE, Engine

PATIENCE = 120  # seconds
# Fails without /well, but with /once it does so only one time; then it waits.
FAILS_ONCE = "test -e /well && exit; test -e /once || exit 1; test -e /failed && sleep 10000; touch /failed; exit 1"
Done = Callable[[dict[str, Any]], bool]
QUICK = ("--health-interval", "200ms", "--health-retries", "2")


class Checked:
    """A container with a health check."""

    def __init__(self, engine: Engine, name: str) -> None:
        self.engine = engine
        self.name = name

    def call(self, verb: str, *arguments: str) -> str:
        done = self.engine.call(verb, self.name, *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def inspect(self) -> dict[str, Any]:
        value: dict[str, Any] = json.loads(self.call("inspect"))[0]
        return value

    def health(self) -> dict[str, Any]:
        value: dict[str, Any] = self.inspect()["State"]["Health"]
        return value

    def when(self, done: Done) -> dict[str, Any]:
        """Return what inspect says of the health once `done` holds."""
        deadline = time.monotonic() + PATIENCE
        while not done(found := self.health()):
            assert time.monotonic() < deadline, (self.engine.name, found)
            time.sleep(0.05)
        return found

    def becomes(self, status: str) -> dict[str, Any]:
        return self.when(lambda found: found["Status"] == status)

    def shown(self) -> str:
        words = self.engine.call("ps", "-a", "--filter", f"name={self.name}", "--format", "{{.Status}}").stdout.strip()
        return words[words.find("(") :] if "(" in words else ""


@contextmanager
def checked(engine: Engine, *options: str) -> Iterator[Checked]:
    name = f"oracle-{uuid.uuid4().hex[:8]}"
    started = engine.call("run", "-d", "--network", "none", "--name", name, *options, IMAGE, "sleep", "1000")
    assert started.returncode == 0, started.stderr
    try:
        yield Checked(engine, name)
    finally:
        engine.call("rm", "-f", name)


def shape(value: Any) -> Any:
    """Return the names and types of a value."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items()}
    return [shape(value[0])] if isinstance(value, list) and value else type(value).__name__


def full(found: dict[str, Any]) -> bool:
    return len(found["Log"]) == 5


@pytest.mark.parametrize(
    "command",
    [
        "echo out; echo err >&2; exit 0",
        "exit 1",
        "exit 0",
        "exit 125",
        "kill -9 $$",
        "printf '\\377\\376ok'",
        "yes 123456789 | head -c 10000",
        "head -c 4096 /dev/zero | tr '\\0' x",
        "sleep 1000 & echo left",
        "id -u; pwd; echo $A; umask; cat",
        "grep -E 'Cap|NoNewPrivs|Seccomp:' /proc/self/status",
    ],
)
def test_results(docker: Engine, skiff: Engine, command: str) -> None:
    answers = []
    for engine in (docker, skiff):
        options = ("--health-cmd", command, "-e", "A=b", "-u", "7:8", "-w", "/tmp")
        with checked(engine, *QUICK, *options) as container:
            # Docker takes seconds for a check that leaves a process.
            enough = 2 if " & " in command else 5
            found = container.when(lambda found, enough=enough: len(found["Log"]) >= enough)  # type: ignore[misc]
            # Both write to one pipe in any order: Docker's two streams are merged by two readers.
            results = [(entry["ExitCode"], sorted(entry["Output"].splitlines())) for entry in found["Log"][:enough]]
            answers.append((found["Status"], results, shape(found), found["FailingStreak"] > 0, container.shown()))
    assert answers[0] == answers[1]


def test_a_check_that_takes_too_long(docker: Engine, skiff: Engine) -> None:
    answers = []
    for engine in (docker, skiff):
        with checked(engine, *QUICK, "--health-cmd", "echo begun; sleep 1000", "--health-timeout", "1s") as container:
            found = container.becomes("unhealthy")
            results = {(entry["ExitCode"], entry["Output"]) for entry in found["Log"]}  # a late look finds more of them
            answers.append((found["FailingStreak"] >= 2, len(found["Log"]) >= 2, results))
    assert answers[0] == answers[1]
    assert answers[0] == (True, True, {(-1, "Health check exceeded timeout (1s)")})


def test_the_streak_and_its_end(docker: Engine, skiff: Engine) -> None:
    answers = []
    for engine in (docker, skiff):
        with checked(engine, *QUICK, "--health-timeout", "1h", "--health-cmd", FAILS_ONCE) as container:
            seen = [container.becomes("unhealthy")["FailingStreak"] >= 2, container.shown()]
            engine.call("exec", container.name, "touch", "/well")
            seen += [container.becomes("healthy")["FailingStreak"], container.shown()]
            engine.call("exec", container.name, "sh", "-c", "touch /once; rm /well")
            seen += [container.when(lambda found: found["FailingStreak"] == 1)["Status"]]
            answers.append(seen)
    assert answers[0] == answers[1]


def test_the_start_period(docker: Engine, skiff: Engine) -> None:
    answers = []
    options = ("--health-cmd", "test -e /well", "--health-start-period", "1h")
    for engine in (docker, skiff):
        more = ("--health-start-interval", "200ms") if engine is skiff else ()  # Docker has it since release 25
        with checked(engine, *QUICK, *options, *more) as container:
            found = container.when(full)
            seen = [found["Status"], found["FailingStreak"], container.shown()]
            engine.call("exec", container.name, "touch", "/well")
            seen += [container.becomes("healthy")["FailingStreak"]]
            engine.call("exec", container.name, "rm", "/well")
            seen += [container.becomes("unhealthy")["FailingStreak"] >= 2]
            answers.append(seen)
    assert answers[0] == answers[1]


def test_pause_stop_and_start(docker: Engine, skiff: Engine) -> None:
    """Its checks end only with a file that a start takes away, so that it is clear what a start is before."""
    answers = []
    options = ("--tmpfs", "/t", "--health-interval", "2s", "--health-timeout", "1h")
    command = "until test -e /t/go; do sleep 0.1; done; echo well"
    for engine in (docker, skiff):
        with checked(engine, *options, "--health-cmd", command) as container:
            before = container.health()
            seen: list[tuple[Any, ...]] = [(before["Status"], before["FailingStreak"], before["Log"])]
            engine.call("exec", container.name, "touch", "/t/go")
            container.becomes("healthy")
            container.call("pause")
            paused = container.health()
            seen += [(paused["Status"], container.shown())]
            container.call("unpause")
            container.when(lambda found: len(found["Log"]) > 1)  # the next check is two seconds away
            container.call("kill")
            engine.call("wait", container.name)
            ended = container.health()
            seen += [(ended["Status"], ended["FailingStreak"], len(ended["Log"]) > 1)]
            container.call("start")
            again = container.health()
            seen += [(again["Status"], again["FailingStreak"], again["Log"] == ended["Log"])]
            answers.append(seen)
    assert answers[0] == answers[1]


@pytest.mark.parametrize(
    ("change", "options"),
    [
        ("HEALTHCHECK --interval=200ms --retries=1 CMD echo image", ()),
        ('HEALTHCHECK --interval=200ms --timeout=5s CMD ["echo", "a b"]', ()),
        ("HEALTHCHECK --interval=200ms --start-period=7s CMD echo image", ("--health-cmd", "echo own")),
        ("HEALTHCHECK CMD echo image", ("--health-interval", "200ms", "--health-retries", "4")),
        ("HEALTHCHECK --interval=200ms CMD echo image", ("--no-healthcheck",)),
        ("HEALTHCHECK NONE", ()),
        ("HEALTHCHECK NONE", ("--health-cmd", "echo own", "--health-interval", "200ms")),
    ],
)
def test_the_check_of_an_image(
    docker: Engine, skiff: Engine, archive: Path, change: str, options: tuple[str, ...]
) -> None:
    answers = []
    for engine in (docker, skiff):
        image = f"{IMAGE}-{uuid.uuid4().hex[:8]}"
        imported = engine.call("import", "-c", change, str(archive), image)
        assert imported.returncode == 0, imported.stderr
        name = f"oracle-{uuid.uuid4().hex[:8]}"
        try:
            started = engine.call("run", "-d", "--network", "none", "--name", name, *options, image, "sleep", "1000")
            assert started.returncode == 0, started.stderr
            container = Checked(engine, name)
            seen = [container.inspect()["Config"].get("Healthcheck")]
            if container.inspect()["State"].get("Health") is not None:
                found = container.becomes("healthy")
                seen += [(entry["ExitCode"], entry["Output"]) for entry in found["Log"][:1]]
            answers.append(seen)
        finally:
            engine.call("rm", "-f", name)
            engine.call("rmi", image)
    assert answers[0] == answers[1]


@pytest.mark.parametrize(
    "options",
    [
        ("--health-interval", "1us"),
        ("--health-timeout", "999us"),
        ("--health-retries", "-1"),
        ("--no-healthcheck", "--health-cmd", "true"),
        ("--health-start-period", "soon"),
    ],
)
def test_what_is_refused(docker: Engine, skiff: Engine, options: tuple[str, ...]) -> None:
    answers = []
    for engine in (docker, skiff):
        done = engine.call("run", "-d", "--network", "none", *options, IMAGE, "true")
        answers.append((done.returncode, bool(done.stderr)))
        if done.returncode == 0:
            engine.call("rm", done.stdout.strip())
    assert answers[0] == answers[1]
    assert answers[0][0] != 0
