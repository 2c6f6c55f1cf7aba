"""Podman with `skiff-oci` in the place of runc."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import rootfs
from tests.support.bundle import ROOT

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root"),
    pytest.mark.skipif(not shutil.which("podman"), reason="needs podman"),
]
LIMITS = ("--ulimit", "nofile=1000:1000", "--ulimit", "nproc=1000:1000")  # podman's own are more than some hosts allow
RUNTIME = """#!{python} -IB
import sys
sys.path.insert(0, {root!r})
from runtime_lib.oci.command import console
console()
"""


class Podman:
    def __init__(self, folder: Path) -> None:
        runtime = folder / "skiff-oci"
        runtime.write_text(RUNTIME.format(python=sys.executable, root=str(ROOT)))
        runtime.chmod(0o755)
        folders = [f"--{name}={folder / name}" for name in ("root", "runroot", "tmpdir")]
        self.command = ["podman", *folders, "--cgroup-manager=cgroupfs", f"--runtime={runtime}"]

    def __call__(self, *words: str, **options: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*self.command, *words], text=True, capture_output=True, timeout=60, **options)  # type: ignore[call-overload,no-any-return]


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


def test_a_program_that_is_missing(podman: Podman) -> None:
    done = podman("run", "--rm", "--network=none", *LIMITS, "box", "nonesuch")
    assert done.returncode == 127, done.stderr
    assert "executable file not found in $PATH" in done.stderr


def test_life_of_a_container(podman: Podman) -> None:
    started = podman("run", "-d", "--name=one", "--network=none", *LIMITS, "box", "sleep", "60")
    assert started.returncode == 0, started.stderr
    inside = podman("exec", "one", "sh", "-c", "echo $$ in; cat /proc/1/comm; exit 3")
    assert (inside.returncode, inside.stdout.split()[1:]) == (3, ["in", "sleep"]), inside.stderr
    assert podman("pause", "one").returncode == 0
    assert podman("unpause", "one").returncode == 0
    assert podman("top", "one", "pid").returncode == 0
    assert podman("kill", "one").returncode == 0
    assert podman("wait", "one").stdout.strip() == "137"
    assert podman("rm", "one").returncode == 0


def test_a_terminal(podman: Podman) -> None:
    script = "import pty,sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)"
    words = ["run", "--rm", "-t", "--network=none", *LIMITS, "box", "sh", "-c", "tty; ls -l /dev/console"]
    done = subprocess.run(
        [sys.executable, "-c", script, *podman.command, *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
    )
    assert b"/dev/pts/0" in done.stdout, done.stdout
    assert b"/dev/console" in done.stdout
