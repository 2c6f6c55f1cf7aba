"""Containers of Skiff that another OCI runtime starts."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import rootfs
from tests.support.alone import alone
from tests.support.skiff import Skiff
from tests.support.typist import shell_session

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root"),
    pytest.mark.skipif(not shutil.which("runc"), reason="needs runc"),
]
PATIENCE = 120.0  # seconds


@pytest.fixture(scope="module")
def skiff(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Skiff]:
    """An installation with the image `bb`, in a network namespace of its own; nothing of it may be left at the end."""
    folder = tmp_path_factory.mktemp("runtime")
    archive = rootfs.tar(folder / "rootfs", folder / "bb.tar")
    with alone(folder, archive, 'CMD ["sh"]') as host:
        yield host


def test_run(skiff: Skiff) -> None:
    script = "hostname; id -u; ip link show eth0 | head -1; ls -d /root; exit 4"
    done = skiff.run("run", "--rm", "--runtime=runc", "--hostname=there", "bb", "sh", "-c", script, check=False)
    assert (done.returncode, done.stdout.split()[:2]) == (4, ["there", "0"]), done.stderr
    assert "eth0" in done.stdout
    assert done.stdout.endswith("/root\n")


def test_it_is_that_runtime(skiff: Skiff) -> None:
    """Of runc's own doing: the masks of what only it knows about are left to the configuration, its log is there."""
    skiff.run("run", "-d", "--runtime=runc", "--name=one", "bb", "sleep", "1000")
    try:
        (state,) = Path(skiff.layout.run).glob("containers/*/oci/state/*/state.json")
        assert '"init_process_pid"' in state.read_text()
    finally:
        skiff.run("rm", "-f", "one")
    assert not state.exists()


@pytest.mark.parametrize(("program", "code"), [("nonesuch", 127), ("/etc", 126), ("/etc/passwd", 126)])
def test_a_program_that_cannot_run(skiff: Skiff, program: str, code: int) -> None:
    done = skiff.run("run", "--rm", "--runtime=runc", "--network=none", "bb", program, check=False)
    assert done.returncode == code, done.stderr


def test_life(skiff: Skiff) -> None:
    script = "trap 'echo stopping; exit 7' TERM; echo started; while :; do sleep 0.1; done"
    words = ("--name=two", "-m", "64m", "--restart=on-failure:1", "bb", "sh", "-c", script)
    skiff.run("run", "-d", "--runtime=runc", *words)
    try:
        inside = skiff.run("exec", "two", "sh", "-c", "echo in; exit 3", check=False)
        assert (inside.returncode, inside.stdout) == (3, "in\n"), inside.stderr
        skiff.run("pause", "two")
        assert skiff.states()["two"] == "paused"
        skiff.run("unpause", "two")
        assert "sleep 0.1" in skiff.run("top", "two").stdout
        first = skiff.run("inspect", "-f", "{{.State.Pid}}", "two").stdout
        skiff.run("exec", "two", "kill", "-TERM", "1")  # exit code 7: its policy starts it once more
        deadline = time.monotonic() + PATIENCE
        while skiff.run("inspect", "-f", "{{.State.Pid}}", "two").stdout.strip() in (first.strip(), "0"):
            assert time.monotonic() < deadline
        skiff.run("stop", "two")
        assert skiff.run("inspect", "-f", "{{.State.ExitCode}}", "two").stdout.strip() == "7"
        skiff.run("start", "two")
        skiff.run("kill", "two")
        assert skiff.run("wait", "two").stdout.strip() == "137"
        assert skiff.run("logs", "two").stdout.split() == ["started", "stopping"] * 2 + ["started"]
    finally:
        skiff.run("rm", "-f", "two")


def test_a_terminal(skiff: Skiff) -> None:
    words = ("run", "--rm", "-it", "--runtime=runc", "--network=none", "bb", "sh")
    shell_session(["/usr/bin/env", f"SKIFF_ROOT={skiff.root}", *skiff.command(*words)])


def test_the_installed_command_is_the_runtime_by_another_name(skiff: Skiff, tmp_path: Path) -> None:
    skiff.run("run", "--rm", "--network=none", "bb", "true")  # the first start installs it
    (tmp_path / "skiff-oci").symlink_to(f"{skiff.root}/bin/skiff")
    words = [f"{tmp_path}/skiff-oci", "--root", f"{tmp_path}/state", "list"]
    assert subprocess.run(words, text=True, capture_output=True, check=True).stdout.startswith("ID ")


def test_one_that_is_missing_is_told_before_anything_is_made(skiff: Skiff) -> None:
    done = skiff.run("run", "--runtime=nonesuch", "--name=three", "bb", "true", check=False)
    assert done.returncode == 125
    assert "'nonesuch' is not on this host" in done.stderr
    assert "three" not in skiff.states()
