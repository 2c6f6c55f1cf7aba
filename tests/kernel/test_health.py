"""Health checks of real containers: what is run when, what becomes of it, and that no check hurts anybody."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from runtime_lib.errors import Busy
from runtime_lib.monitor import client
from tests.support import rootfs, waiting
from tests.support.alone import alone
from tests.support.skiff import Skiff

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
PATIENCE = 120.0  # seconds
SMALL = 4 * 1024 * 1024  # bytes that a monitor may have for itself
OUTPUT = 4096  # bytes


@pytest.fixture(scope="module")
def skiff(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Skiff]:
    """An installation with the image `bb`, in a network namespace of its own; nothing of it may be left at the end."""
    folder = tmp_path_factory.mktemp("health")
    archive = rootfs.tar(folder / "rootfs", folder / "bb.tar")
    with alone(folder, archive, "HEALTHCHECK --interval=100ms CMD echo image") as host:
        yield host


@pytest.fixture
def run(skiff: Skiff) -> Iterator[Callable[..., str]]:
    """Runs a container `web` without a network that checks its health ten times a second."""

    def start(*options: str, command: tuple[str, ...] = ("sleep", "1000")) -> str:
        words = ("--name", "web", "--network", "none", "--health-interval", "100ms", *options, "bb", *command)
        return skiff.run("run", "-d", *words).stdout.strip()

    yield start
    skiff.run("rm", "-f", "web")


def until(condition: Callable[[], object]) -> None:
    waiting.until(condition, PATIENCE)


def inspected(skiff: Skiff) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(skiff.run("inspect", "web").stdout)[0]
    return value


def health(skiff: Skiff) -> dict[str, Any]:
    value: dict[str, Any] = inspected(skiff)["State"]["Health"]
    return value


def becomes(skiff: Skiff, status: str) -> None:
    until(lambda: health(skiff)["Status"] == status)


def shown(skiff: Skiff) -> str:
    return skiff.run("ps", "-a", "--format", "{{.Status}}").stdout.strip()


def processes(skiff: Skiff) -> str:
    return skiff.run("top", "web", "-eo", "pid,args").stdout


def monitor(skiff: Skiff, container: str) -> int:
    state = json.loads(Path(skiff.layout.bundle(container), "state.json").read_text())
    return int(state["monitor_pid"])


def private(pid: int) -> int:
    """Return the bytes of memory that a process shares with nobody."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_")) * 1024


def test_the_status_follows_the_check(skiff: Skiff, run: Callable[..., str]) -> None:
    run("--health-cmd", "test -e /well || { echo missing; exit 3; }", "--health-retries", "2")
    becomes(skiff, "unhealthy")
    assert shown(skiff).endswith("(unhealthy)")
    found = health(skiff)
    assert found["FailingStreak"] >= 2
    assert (found["Log"][-1]["ExitCode"], found["Log"][-1]["Output"]) == (3, "missing\n")
    skiff.run("exec", "web", "touch", "/well")
    becomes(skiff, "healthy")
    assert shown(skiff).endswith("(healthy)")
    until(lambda: len(health(skiff)["Log"]) == 5)
    assert health(skiff)["FailingStreak"] == 0


def test_the_check_of_the_image_runs_as_the_user_and_in_the_folder_of_the_container(
    skiff: Skiff, run: Callable[..., str]
) -> None:
    run()
    becomes(skiff, "healthy")
    assert health(skiff)["Log"][-1]["Output"] == "image\n"
    assert inspected(skiff)["Config"]["Healthcheck"]["Test"] == ["CMD-SHELL", "echo image"]
    skiff.run("rm", "-f", "web")
    run("--health-cmd", "id -u; pwd; echo $A", "-u", "5:6", "-w", "/tmp", "-e", "A=b")
    becomes(skiff, "healthy")
    assert health(skiff)["Log"][-1]["Output"] == "5\n/tmp\nb\n"


def test_no_check_is_made_where_none_is_wanted(skiff: Skiff, run: Callable[..., str]) -> None:
    skiff.run("run", "-d", "--name", "web", "--network", "none", "--no-healthcheck", "bb", "sleep", "1000")
    assert "Health" not in inspected(skiff)["State"]
    assert shown(skiff).startswith("Up")
    assert "(" not in shown(skiff)


def test_a_check_that_hangs_is_killed_with_its_children(skiff: Skiff, run: Callable[..., str]) -> None:
    command = "sleep 7777 & setsid sleep 7777 & sleep 7777"
    run("--health-cmd", command, "--health-timeout", "1s", "--health-retries", "1")
    becomes(skiff, "unhealthy")
    found = health(skiff)["Log"][0]
    assert (found["ExitCode"], found["Output"]) == (-1, "Health check exceeded timeout (1s)")
    until(lambda: len(health(skiff)["Log"]) == 3)
    skiff.run("exec", "web", "true")  # it is as alive as ever
    until(lambda: processes(skiff).count("sleep 7777") <= 4)  # of the check that runs, its shell included


def test_a_check_may_leave_a_child_that_holds_its_output(skiff: Skiff, run: Callable[..., str]) -> None:
    run("--health-cmd", "sleep 7777 & echo well")
    becomes(skiff, "healthy")
    assert health(skiff)["Log"][-1]["Output"] == "well\n"


def test_a_flood_is_cut_and_costs_the_monitor_nothing(skiff: Skiff, run: Callable[..., str]) -> None:
    container = run("--health-cmd", "yes 123456789 | head -c 3000000")
    becomes(skiff, "healthy")
    until(lambda: len(health(skiff)["Log"]) == 5)
    output = health(skiff)["Log"][-1]["Output"]
    assert len(output) == OUTPUT + len("...")
    assert output.endswith("...")
    assert private(monitor(skiff, container)) < SMALL


def test_what_cannot_be_executed_is_a_failure(skiff: Skiff, run: Callable[..., str], tmp_path: Path) -> None:
    archive = rootfs.tar(tmp_path / "rootfs", tmp_path / "bb.tar")
    skiff.run("import", "-c", 'HEALTHCHECK --interval=100ms --retries=1 CMD ["/no/such"]', str(archive), "none")
    skiff.run("run", "-d", "--name", "web", "--network", "none", "none", "sleep", "1000")
    becomes(skiff, "unhealthy")
    found = health(skiff)["Log"][-1]
    assert found["ExitCode"] == -1
    assert "/no/such" in found["Output"]
    skiff.run("rm", "-f", "web")
    skiff.run("rmi", "none")


def test_a_paused_container_is_not_checked(skiff: Skiff, run: Callable[..., str]) -> None:
    run("--health-cmd", "sleep 0.1; echo well")
    becomes(skiff, "healthy")
    skiff.run("pause", "web")
    assert shown(skiff).endswith("(Paused)")
    found = health(skiff)
    assert found["Status"] == "unhealthy"  # as Docker has it: nobody looks
    time.sleep(1)  # ten intervals in which nothing may happen
    assert health(skiff) == found
    skiff.run("unpause", "web")
    becomes(skiff, "healthy")
    assert all(entry["ExitCode"] == 0 for entry in health(skiff)["Log"])


def test_the_results_outlive_the_run(skiff: Skiff, run: Callable[..., str]) -> None:
    run("--health-cmd", "cat /proc/1/cmdline | tr '\\0' ' '")
    becomes(skiff, "healthy")
    skiff.run("stop", "-t", "0", "web")
    found = health(skiff)
    assert found["Status"] == "unhealthy"
    # Not the last one: the stop may have come in the middle of a check.
    assert "sleep 1000 " in [entry["Output"] for entry in found["Log"]]
    assert shown(skiff).startswith("Exited")
    skiff.run("start", "web")
    becomes(skiff, "healthy")


def test_failures_in_the_start_period_do_not_count_and_come_faster(skiff: Skiff, run: Callable[..., str]) -> None:
    run(
        *("--health-cmd", "exit 1", "--health-interval", "1h", "--health-retries", "1"),
        *("--health-start-period", "1h", "--health-start-interval", "100ms"),
    )
    until(lambda: len(health(skiff)["Log"]) == 5)
    found = health(skiff)
    assert (found["Status"], found["FailingStreak"]) == ("starting", 0)
    assert shown(skiff).endswith("(health: starting)")


def test_changes_are_told_on_the_monitors_socket(skiff: Skiff, run: Callable[..., str]) -> None:
    container = run("--health-cmd", "test -e /well", "--health-retries", "1", "--health-start-period", "1h")
    with client.connect(skiff.layout.bundle(container)) as session:
        session.watch_health()
        assert session.health(PATIENCE) == "starting"
        with pytest.raises(Busy):
            session.health(0.0)
        skiff.run("exec", "web", "touch", "/well")
        assert session.health(PATIENCE) == "healthy"
        skiff.run("exec", "web", "rm", "/well")
        assert session.health(PATIENCE) == "unhealthy"
        skiff.run("kill", "web")
        assert session.health(PATIENCE) is None


def test_a_container_that_restarts_starts_over(skiff: Skiff, run: Callable[..., str]) -> None:
    once = "test -e /once && exec sleep 1000; touch /once; sleep 1"
    run("--health-cmd", "true", "--restart", "always", command=("sh", "-c", once))
    until(lambda: inspected(skiff)["RestartCount"] == 1)
    becomes(skiff, "healthy")


def test_a_killed_check_is_a_failure_and_the_next_one_is_made(skiff: Skiff, run: Callable[..., str]) -> None:
    container = run("--health-cmd", "test -e /well || sleep 1000", "--health-retries", "1")
    pid = monitor(skiff, container)

    def checkers() -> list[int]:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return [int(child) for child in children if b"checker" in Path(f"/proc/{child}/cmdline").read_bytes()]

    until(lambda: "sleep 1000" in processes(skiff).replace("sleep 1000", "", 1) and checkers())
    os.kill(checkers()[0], 9)
    becomes(skiff, "unhealthy")
    assert health(skiff)["Log"][-1]["Output"] == "the health check was killed"
    skiff.run("exec", "web", "touch", "/well")
    becomes(skiff, "healthy")


def test_wrong_checks_are_refused(skiff: Skiff) -> None:
    for options, said in (
        (("--health-interval", "1us"), "at least one millisecond"),
        (("--health-retries", "-1"), "retries"),
        (("--health-timeout", "soon"), "length of time"),
    ):
        done = skiff.run("create", "--health-cmd", "true", *options, "bb", check=False)
        assert done.returncode in (1, 125)
        assert said in done.stderr
        assert "Traceback" not in done.stderr
    assert subprocess.run(skiff.command("ps", "-aq"), env=skiff.environment, capture_output=True).stdout == b""
