"""Kill -9 of the command at every system call that changes something; the next call converges, nothing is left."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.support.skiff import Skiff

# The calls by which a step becomes visible to others: a kill before each of them is a kill between two steps.
BOUNDARIES = "rename,renameat,renameat2,mkdir,mkdirat,unlink,unlinkat,rmdir,sendmsg,setns,unshare,fdatasync,pwrite64"
POINTS = [1, 2, 3, 4, 5, 6, 8, 10, 13, 16, 20, 25, 32, 40, 50, 64, 80, 100, 128, 160]


def killed_at(skiff: Skiff, call: int, *arguments: str) -> bool:
    """Run a command and kill it at the n-th boundary; return whether it came that far."""
    inject = f"inject={BOUNDARIES}:signal=SIGKILL:when={call}"
    trace = ["strace", "-qq", "-o", "/dev/null", "-e", f"trace={BOUNDARIES}", "-e", inject]
    result = subprocess.run(
        [*trace, *skiff.command(*arguments)], env=skiff.environment, capture_output=True, stdin=subprocess.DEVNULL
    )
    return result.returncode in (137, -9)


def states(skiff: Skiff) -> dict[str, str]:
    lines = skiff.run("ps", "-a", "--format", "{{.Names}} {{.State}}").stdout.splitlines()
    return dict(line.split() for line in lines)


def every_point(run: object) -> int:
    """Call `run(n)` for growing n until the command is no longer killed; return how often it was."""
    killed = 0
    for call in POINTS:
        if not run(call):  # type: ignore[operator]
            break
        killed += 1
    return killed


def test_create(skiff: Skiff) -> None:
    def attempt(call: int) -> bool:
        killed = killed_at(skiff, call, "create", "--name", "web", "busybox", "sleep", "1000")
        if states(skiff).get("web") is None:
            skiff.run("create", "--name", "web", "busybox", "sleep", "1000")
        assert states(skiff) == {"web": "created"}
        skiff.run("rm", "web")
        return killed

    assert every_point(attempt) >= 3


def test_start(skiff: Skiff) -> None:
    def attempt(call: int) -> bool:
        skiff.run("create", "--name", "web", "-p", "127.0.0.1:18099:80", "busybox", "sleep", "1000")
        killed = killed_at(skiff, call, "start", "web")
        skiff.run("start", "web")
        assert states(skiff) == {"web": "running"}
        assert skiff.run("exec", "web", "echo", "alive").stdout == "alive\n"
        skiff.run("rm", "-f", "web")
        return killed

    assert every_point(attempt) >= 3


def test_stop(skiff: Skiff) -> None:
    def attempt(call: int) -> bool:
        skiff.run("run", "-d", "--name", "web", "busybox", "sleep", "1000")
        killed = killed_at(skiff, call, "stop", "-t", "0", "web")
        skiff.run("stop", "-t", "0", "web")
        assert states(skiff) == {"web": "exited"}
        skiff.run("start", "web")
        skiff.run("rm", "-f", "web")
        return killed

    every_point(attempt)


@pytest.mark.parametrize("running", [True, False])
def test_remove(skiff: Skiff, running: bool) -> None:
    def attempt(call: int) -> bool:
        skiff.run("volume", "create", "kept")
        verb = ("run", "-d") if running else ("create",)
        skiff.run(*verb, "--name", "web", "-v", "kept:/v", "busybox", "sleep", "99")
        data = Path(skiff.layout.volume("kept")) / "_data" / "file"
        data.write_text("precious")
        killed = killed_at(skiff, call, "rm", "-f", "-v", "web")
        skiff.run("rm", "-f", "web", check=False)
        assert states(skiff) == {}
        assert data.read_text() == "precious"
        skiff.run("volume", "rm", "kept")
        return killed

    assert every_point(attempt) >= 3


def test_load(skiff: Skiff, archive: Path) -> None:
    def attempt(call: int) -> bool:
        killed = killed_at(skiff, call, "import", str(archive), "again")
        skiff.run("import", str(archive), "again")
        assert skiff.run("run", "--rm", "--network", "none", "again", "echo", "whole").stdout == "whole\n"
        skiff.run("rmi", "again")
        return killed

    assert every_point(attempt) >= 3


def test_build(skiff: Skiff, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("content")
    (tmp_path / "Dockerfile").write_text("FROM busybox\nCOPY file /file\nRUN echo made >/made\nCMD cat /file /made\n")

    def attempt(call: int) -> bool:
        killed = killed_at(skiff, call, "build", "--network", "none", "-t", "built", str(tmp_path))
        skiff.run("build", "--network", "none", "-t", "built", str(tmp_path))
        assert skiff.run("run", "--rm", "--network", "none", "built").stdout == "contentmade\n"
        skiff.run("rmi", "-f", "built")
        return killed

    assert every_point(attempt) >= 3
