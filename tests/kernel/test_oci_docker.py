"""Docker Engine with `skiff-oci` in the place of runc: everything that its client asks of a runtime."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import rootfs
from tests.support.bundle import skiff_oci
from tests.support.dockerd import CLIENT, SERVER, Dockerd
from tests.support.typist import shell_session
from tests.support.waiting import until

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root"),
    pytest.mark.skipif(not (shutil.which(SERVER) and shutil.which(CLIENT)), reason="needs docker.io"),
]
PATIENCE = 120  # seconds that anything may take on a busy machine
MEMORY = "cat /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null || cat /sys/fs/cgroup/memory.max"
PIDS = "cat /sys/fs/cgroup/pids/pids.max 2>/dev/null || cat /sys/fs/cgroup/pids.max"


@pytest.fixture(scope="module")
def docker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dockerd]:
    folder = tmp_path_factory.mktemp("docker")
    engine = Dockerd(f"--add-runtime=skiff={skiff_oci(folder)}", own_network=True)
    try:
        engine.run("import", str(rootfs.tar(folder / "tree", folder / "tree.tar")), "box")
        yield engine
    finally:
        engine.stop()


@pytest.fixture
def one(docker: Dockerd) -> Iterator[str]:
    """A container that runs."""
    script = "trap 'echo stopping; exit 7' TERM; echo started; while :; do sleep 0.1; done"
    docker.run("run", "-d", "--runtime=skiff", "--name=one", "box", "sh", "-c", script)
    yield "one"
    docker.run("rm", "-f", "one")


def run(docker: Dockerd, *words: str) -> subprocess.CompletedProcess[str]:
    return docker.run("run", "--rm", "--runtime=skiff", *words, check=False)


def field(docker: Dockerd, name: str, template: str) -> str:
    return docker.run("inspect", "-f", template, name).stdout.strip()


def await_field(docker: Dockerd, name: str, template: str, wanted: str) -> None:
    until(lambda: field(docker, name, template) == wanted, PATIENCE, f"{template} is {wanted}")


def test_run(docker: Dockerd) -> None:
    done = run(docker, "--hostname=there", "box", "sh", "-c", "hostname; id -u; ip link show eth0; exit 4")
    assert (done.returncode, done.stdout.split()[:2]) == (4, ["there", "0"]), done.stderr
    assert "eth0" in done.stdout  # a hook has attached it before the program began


@pytest.mark.parametrize(("program", "code"), [("nonesuch", 127), ("/etc", 126), ("/etc/passwd", 126)])
def test_a_program_that_cannot_run(docker: Dockerd, program: str, code: int) -> None:
    assert run(docker, "box", program).returncode == code


def test_exec(docker: Dockerd, one: str) -> None:
    inside = docker.run(
        "exec", "-w", "/tmp", "-e", "A=b", "-u", "1000", one, "sh", "-c", "pwd; echo $A; id -u; exit 3", check=False
    )
    assert (inside.returncode, inside.stdout.split()) == (3, ["/tmp", "b", "1000"]), inside.stderr
    assert docker.run("exec", "-i", one, "cat", input="through\n").stdout == "through\n"
    assert docker.run("exec", one, "nonesuch", check=False).returncode == 126  # with runc too
    docker.run("exec", "-d", one, "touch", "/tmp/detached")
    until(lambda: docker.run("exec", one, "test", "-e", "/tmp/detached", check=False).returncode == 0, PATIENCE)


def test_kill_pause_and_stop(docker: Dockerd, one: str) -> None:
    docker.run("pause", one)
    assert field(docker, one, "{{.State.Status}}") == "paused"
    assert docker.run("exec", one, "true", check=False).returncode
    docker.run("unpause", one)
    assert docker.run("exec", one, "true").returncode == 0
    docker.run("stop", "-t", str(PATIENCE), one)
    assert field(docker, one, "{{.State.ExitCode}}") == "7"
    assert docker.run("logs", one).stdout.split() == ["started", "stopping"]
    docker.run("start", one)
    docker.run("pause", one)
    docker.run("kill", one)
    await_field(docker, one, "{{.State.Status}} {{.State.ExitCode}}", "exited 137")
    assert docker.run("kill", one, check=False).returncode


def test_top(docker: Dockerd, one: str) -> None:
    titles, *rows = docker.run("top", one, "-eo", "pid,comm").stdout.splitlines()
    assert titles.split() == ["PID", "COMMAND"]
    assert rows[0].split() == [field(docker, one, "{{.State.Pid}}"), "sh"]


def test_limits_and_update(docker: Dockerd) -> None:
    words = ("-m", "64m", "--pids-limit", "50", "--cpus", "0.5", "box", "sh", "-c", f"{MEMORY}; {PIDS}; ulimit -n")
    assert run(docker, "--ulimit", "nofile=100:100", *words).stdout.split() == [str(64 << 20), "50", "100"]
    docker.run("run", "-d", "--runtime=skiff", "--name=two", "-m", "64m", "box", "sleep", "1000")
    try:
        docker.run("update", "-m", "96m", "--memory-swap", "96m", "--pids-limit", "60", "--cpu-shares", "300", "two")
        assert docker.run("exec", "two", "sh", "-c", f"{MEMORY}; {PIDS}").stdout.split() == [str(96 << 20), "60"]
    finally:
        docker.run("rm", "-f", "two")


def test_memory_that_runs_out(docker: Dockerd) -> None:
    script = "x=a; while :; do x=$x$x; done"
    docker.run(
        "run",
        "--runtime=skiff",
        "--name=big",
        "-m",
        "16m",
        "--memory-swap",
        "16m",
        "box",
        "sh",
        "-c",
        script,
        check=False,
    )
    try:
        assert field(docker, "big", "{{.State.ExitCode}} {{.State.OOMKilled}}") == "137 true"
    finally:
        docker.run("rm", "-f", "big")


def test_health(docker: Dockerd) -> None:
    health = ("--health-cmd", "test -e /tmp/well", "--health-interval", "200ms", "--health-retries", "2")
    docker.run("run", "-d", "--runtime=skiff", "--name=three", *health, "box", "sleep", "1000")
    try:
        await_field(docker, "three", "{{.State.Health.Status}}", "unhealthy")
        docker.run("exec", "three", "touch", "/tmp/well")
        await_field(docker, "three", "{{.State.Health.Status}}", "healthy")
    finally:
        docker.run("rm", "-f", "three")


@pytest.mark.parametrize("how", ["run", "exec"])
def test_a_terminal(docker: Dockerd, how: str, one: str) -> None:
    words = {"run": ("run", "--rm", "-it", "--runtime=skiff", "box"), "exec": ("exec", "-it", one)}[how]
    shell_session(docker.command(*words, "sh"))


def test_nothing_is_left(docker: Dockerd, one: str) -> None:
    long_id = field(docker, one, "{{.Id}}")
    docker.run("rm", "-f", one)
    docker.run("run", "-d", "--runtime=skiff", "--name=one", "box", "true")
    assert not list(Path("/sys/fs/cgroup").glob(f"*/docker/{long_id}"))
    assert not list(docker.run_folder.glob(f"**/{long_id}"))
