"""Podman with `skiff-oci` in the place of runc."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import rootfs
from tests.support.bundle import skiff_oci
from tests.support.typist import shell_session

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root"),
    pytest.mark.skipif(not shutil.which("podman"), reason="needs podman"),
]
LIMITS = ("--ulimit", "nofile=1000:1000", "--ulimit", "nproc=1000:1000")  # podman's own are more than some hosts allow


class Podman:
    def __init__(self, folder: Path) -> None:
        runtime = skiff_oci(folder)
        folders = [f"--{name}={folder / name}" for name in ("root", "runroot", "tmpdir")]
        self.command = ["podman", *folders, "--cgroup-manager=cgroupfs", f"--runtime={runtime}"]

    def __call__(self, *words: str, **options: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*self.command, *words], text=True, capture_output=True, timeout=120, **options)  # type: ignore[call-overload,no-any-return]


@pytest.fixture(scope="module")
def podman(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Podman]:
    folder = tmp_path_factory.mktemp("podman")
    call = Podman(folder)
    archive = rootfs.tar(folder / "tree", folder / "tree.tar")
    imported = call("import", "-q", str(archive), "box")
    assert imported.returncode == 0, imported.stderr
    yield call
    call("rm", "-af", "-t", "0")
    call("rmi", "-af")


def test_run(podman: Podman) -> None:
    done = podman(
        "run", "--rm", "--network=none", "--hostname=there", *LIMITS, "box", "sh", "-c", "hostname; id -u; exit 4"
    )
    assert (done.returncode, done.stdout.split()) == (4, ["there", "0"]), done.stderr


@pytest.mark.parametrize(("ids", "more"), [("1000-0-1", ()), ("@1000-0-1", ("--uidmap=0:200000:65536",))])
def test_a_bind_with_other_owners(podman: Podman, tmp_path: Path, ids: str, more: tuple[str, ...]) -> None:
    os.chown(tmp_path, 1000, 1000)
    bind = f"--volume={tmp_path}:/b:idmap=uids={ids};gids={ids}"
    script = "touch /b/f; stat -c %u:%g /b"
    done = podman("run", "--rm", "--network=none", *LIMITS, *more, bind, "box", "sh", "-c", script)
    assert done.stdout == "0:0\n", done.stderr
    assert (tmp_path / "f").stat().st_uid == 1000


def test_a_program_that_is_missing(podman: Podman) -> None:
    done = podman("run", "--rm", "--network=none", *LIMITS, "box", "nonesuch")
    assert done.returncode == 127, done.stderr
    assert "executable file not found in $PATH" in done.stderr


@pytest.fixture
def one(podman: Podman) -> Iterator[str]:
    """A container that runs."""
    script = "trap 'echo stopping; exit 7' TERM; echo started; while :; do sleep 0.1; done"
    started = podman("run", "-d", "--name=one", "--network=none", *LIMITS, "box", "sh", "-c", script)
    assert started.returncode == 0, started.stderr
    yield "one"
    assert podman("rm", "-f", "-t", "0", "one").returncode == 0


def field(podman: Podman, name: str, template: str) -> str:
    return podman("inspect", "-f", template, name).stdout.strip()


def test_exec(podman: Podman, one: str) -> None:
    inside = podman("exec", "-w", "/tmp", "-e", "A=b", "-u", "1000", one, "sh", "-c", "pwd; echo $A; id -u; exit 3")
    assert (inside.returncode, inside.stdout.split()) == (3, ["/tmp", "b", "1000"]), inside.stderr
    assert podman("exec", "-i", one, "cat", input="through\n").stdout == "through\n"
    assert podman("exec", one, "nonesuch").returncode == 127


def test_kill_pause_and_stop(podman: Podman, one: str) -> None:
    assert podman("pause", one).returncode == 0
    assert field(podman, one, "{{.State.Status}}") == "paused"
    assert podman("exec", one, "true").returncode
    assert podman("unpause", one).returncode == 0
    assert podman("exec", one, "true").returncode == 0
    stopped = podman("stop", "-t", "50", one)
    assert stopped.returncode == 0, stopped.stderr
    assert field(podman, one, "{{.State.ExitCode}}") == "7"
    assert podman("logs", one).stdout.split() == ["started", "stopping"]
    assert podman("start", one).returncode == 0
    assert podman("kill", one).returncode == 0
    assert podman("wait", one).stdout.strip() == "137"


def test_top(podman: Podman, one: str) -> None:
    assert podman("top", one, "hpid", "comm").stdout.splitlines()[1].split() == [
        field(podman, one, "{{.State.Pid}}"),
        "sh",
    ]


def test_limits(podman: Podman) -> None:
    script = "cat /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null || cat /sys/fs/cgroup/memory.max; ulimit -n"
    done = podman("run", "--rm", "-m", "64m", "--network=none", *LIMITS, "box", "sh", "-c", script)
    assert done.stdout.split() == [str(64 << 20), "1000"], done.stderr


def test_health(podman: Podman) -> None:
    health = ("--health-cmd", "test -e /tmp/well", "--health-interval", "disable")  # its timer would be systemd's
    words = ("run", "-d", "--name=two", "--network=none", *health, *LIMITS, "box", "sleep", "1000")
    started = podman(*words)
    assert started.returncode == 0, started.stderr
    try:
        assert podman("healthcheck", "run", "two").returncode == 1
        assert podman("exec", "two", "touch", "/tmp/well").returncode == 0
        assert podman("healthcheck", "run", "two").returncode == 0
    finally:
        podman("rm", "-f", "-t", "0", "two")


def test_a_temporary_folder_begins_with_what_the_image_has(podman: Podman) -> None:
    words = ("--read-only", "--tmpfs", "/home", "--network=none", *LIMITS, "box")
    done = podman("run", "--rm", *words, "sh", "-c", "ls /home; touch /home/x /tmp/x && echo writable; touch /x")
    assert done.stdout.split() == ["u1", "writable"], done.stderr
    assert "Read-only file system" in done.stderr


def test_descriptors_are_passed_on(podman: Podman, tmp_path: Path) -> None:
    given = tmp_path / "given"
    given.write_text("from outside")
    words = ["run", "--rm", "--preserve-fds=1", "--network=none", *LIMITS, "box", "cat", "/proc/self/fd/3"]
    shell = ["sh", "-c", f'exec 3<{given}; exec "$@"', "sh"]
    done = subprocess.run([*shell, *podman.command, *words], text=True, capture_output=True, timeout=120)
    assert done.stdout == "from outside", done.stderr


@pytest.mark.parametrize("how", ["run", "exec"])
def test_a_terminal(podman: Podman, how: str, one: str) -> None:
    words = {"run": ("run", "--rm", "-it", "--network=none", *LIMITS, "box"), "exec": ("exec", "-it", one)}[how]
    shell_session([shutil.which("podman") or "", *podman.command[1:], *words, "sh"])
