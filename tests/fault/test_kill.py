"""Kill -9 of the command between any two of its steps: the next call converges, and nothing is left."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support import waiting
from tests.support.kills import Kills
from tests.support.skiff import Skiff

PATIENCE = 120  # seconds
SLEEP = ("busybox", "sleep", "1000")


def test_create(skiff: Skiff) -> None:
    def words(name: str) -> tuple[str, ...]:
        return "create", "--name", name, "-v", "/data", *SLEEP

    kills = Kills(skiff, 12, *words("whole"))
    names = {f"c{number}": point for number, point in enumerate(kills.points)}
    for name, point in names.items():
        kills.strike(point, *words(name))
    for name in names.keys() - skiff.states().keys():
        skiff.run(*words(name))
    assert skiff.states() == dict.fromkeys(["whole", *names], "created")
    skiff.run("rm", "-v", "whole", *names)
    assert skiff.run("volume", "ls", "-q").stdout == ""


def test_start(skiff: Skiff) -> None:
    skiff.run("create", "--name", "web", "-p", "127.0.0.1:18099:80", *SLEEP)
    kills = Kills(skiff, 24, "start", "web")
    for number, point in enumerate(kills.points):
        skiff.run("stop", "-t", "0", "web")
        kills.strike(point, "start", "web")
        if number % 2:  # otherwise the next `stop` is the one that has to cope with it
            skiff.run("start", "web")
            assert skiff.states() == {"web": "running"}
    skiff.run("start", "web")
    assert skiff.run("exec", "web", "echo", "alive").stdout == "alive\n"


def test_start_then_remove(skiff: Skiff) -> None:
    skiff.run("create", "--name", "web", "-p", "127.0.0.1:18099:80", *SLEEP)
    kills = Kills(skiff, 8, "start", "web")
    for point in kills.points:
        skiff.run("rm", "-f", "web")
        skiff.run("create", "--name", "web", "-p", "127.0.0.1:18099:80", *SLEEP)
        kills.strike(point, "start", "web")


@pytest.fixture
def frozen(skiff: Skiff) -> Iterator[Path]:
    """The monitors' cgroup, frozen: a low-level runtime stops as soon as it enters it; with the pid of a guest."""
    group = Path("/sys/fs/cgroup/freezer") / skiff.layout.label / "monitors"
    if not group.parents[1].is_dir():
        pytest.skip("this machine: no cgroup v1 freezer")
    group.mkdir(parents=True)
    with subprocess.Popen(["sleep", "1000"]) as guest:  # or the group would be removed for being empty
        (group / "tasks").write_text(str(guest.pid))
        (group / "freezer.state").write_text("FROZEN")
        yield group
        guest.kill()


def test_a_start_of_a_killed_command_is_undone_before_the_next(skiff: Skiff, frozen: Path) -> None:
    skiff.run(
        "create", "--name", "web", "--network", "none", "busybox", "sh", "-c", "sleep 1000 & echo $$ >>/pids; wait"
    )
    first = subprocess.Popen(skiff.command("start", "web"), env=skiff.environment)
    orders = Path(skiff.layout.run) / "containers"
    until(lambda: any(orders.glob("*/monitor.json")) and len((frozen / "tasks").read_text().split()) > 1)
    first.kill()
    first.wait()
    silent = subprocess.DEVNULL
    second = subprocess.Popen(skiff.command("start", "web"), env=skiff.environment, stdout=silent)
    until(lambda: len((frozen / "tasks").read_text().split()) > 2)  # its own runtime starts early
    (frozen / "freezer.state").write_text("THAWED")
    assert second.wait(120) == 0
    container = skiff.run("inspect", "--format", "{{.Id}}", "web").stdout.strip()
    inside = Path("/sys/fs/cgroup/freezer") / skiff.layout.label / container / "cgroup.procs"
    until(lambda: len(inside.read_text().split()) == 2)
    assert skiff.states() == {"web": "running"}


def until(condition: Callable[[], bool]) -> None:
    waiting.until(condition, PATIENCE)


def test_stop(skiff: Skiff) -> None:
    skiff.run("run", "-d", "--name", "web", *SLEEP)
    kills = Kills(skiff, 16, "stop", "-t", "0", "web")
    for number, point in enumerate(kills.points):
        skiff.run("start", "web")
        kills.strike(point, "stop", "-t", "0", "web")
        if number % 2:
            skiff.run("stop", "-t", "0", "web")
            assert skiff.states() == {"web": "exited"}
    skiff.run("start", "web")
    assert skiff.run("exec", "web", "echo", "alive").stdout == "alive\n"


@pytest.mark.parametrize("verb", [("run", "-d"), ("create",)])
def test_remove(skiff: Skiff, verb: tuple[str, ...]) -> None:
    def make() -> None:
        skiff.run(*verb, "--name", "web", "-v", "kept:/v", "-v", "/anonymous", *SLEEP)

    skiff.run("volume", "create", "kept")
    data = Path(skiff.layout.volume("kept")) / "_data" / "file"
    data.write_text("precious")
    make()
    kills = Kills(skiff, 16, "rm", "-f", "-v", "web")
    for point in kills.points:
        make()
        kills.strike(point, "rm", "-f", "-v", "web")
        skiff.run("rm", "-f", "-v", "web", check=False)
        assert skiff.states() == {}
        assert data.read_text() == "precious"
    assert skiff.run("volume", "ls", "-q").stdout == "kept\n"
    skiff.run("volume", "rm", "kept")


def test_import(skiff: Skiff, archive: Path) -> None:
    skiff.run("rmi", "busybox")
    kills = Kills(skiff, 16, "import", str(archive), "again")
    for point in kills.points:
        skiff.run("rmi", "-f", "again", check=False)
        kills.strike(point, "import", str(archive), "again")
    skiff.run("import", str(archive), "again")
    assert skiff.run("run", "--rm", "--network", "none", "again", "echo", "whole").stdout == "whole\n"
    skiff.run("rmi", "again")


def test_build(skiff: Skiff, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("content")
    (tmp_path / "Dockerfile").write_text("FROM busybox\nCOPY file /file\nRUN echo made >/made\nCMD cat /file /made\n")
    words = ("build", "--network", "none", "-t", "built", str(tmp_path))
    kills = Kills(skiff, 16, *words)
    for point in kills.points:
        skiff.run("rmi", "-f", "built", check=False)
        kills.strike(point, *words)
    skiff.run(*words)
    assert skiff.run("run", "--rm", "--network", "none", "built").stdout == "contentmade\n"
