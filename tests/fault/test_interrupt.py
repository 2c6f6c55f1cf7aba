"""Ctrl-C in the middle: the command ends at once with 130, and what it had begun is undone."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.support.kills import Kills
from tests.support.skiff import Skiff

ENDLESS = ("busybox", "sleep", "1000")


def interrupted(skiff: Skiff, call: str, *words: str) -> int:
    """Run a command that gets SIGINT with its first `call`; return its exit code."""
    inject = ["strace", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={call}:signal=INT:when=1"]
    command = [*inject, *skiff.command(*words)]
    result = subprocess.run(
        command,
        env=skiff.environment,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=120,
        check=False,
    )
    assert "Traceback" not in result.stderr
    return result.returncode


@pytest.mark.parametrize("how", [("-d",), ("--rm",)])
def test_while_the_container_starts(skiff: Skiff, how: tuple[str, ...]) -> None:
    # The engine polls for the answer of the monitor, which has its order by then.
    assert interrupted(skiff, "poll", "run", *how, "--network", "none", "--name", "web", *ENDLESS) == 130
    assert skiff.states() == ({} if "--rm" in how else {"web": "exited"})


def test_anywhere_in_a_run(skiff: Skiff) -> None:
    words = ("run", "--rm", "--network", "none", "busybox", "true")
    kills = Kills(skiff, 12, *words)
    for point in kills.points:
        kills.strike(point, *words, signal="INT")
    skiff.run(*words)  # clears away what was interrupted while it was cleaned up
    assert skiff.states() == {}


def test_anywhere_in_an_import(skiff: Skiff, archive: Path) -> None:
    skiff.run("rmi", "busybox")
    kills = Kills(skiff, 8, "import", str(archive), "again")
    for point in kills.points:
        skiff.run("rmi", "-f", "again", check=False)
        kills.strike(point, "import", str(archive), "again", signal="INT")
    skiff.run("rmi", "-f", "again", check=False)
    assert skiff.run("images", "-q").stdout == ""


def test_anywhere_in_a_build(skiff: Skiff, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM busybox\nRUN echo made >/made\nCMD cat /made\n")
    words = ("build", "--network", "none", "-t", "built", str(tmp_path))
    kills = Kills(skiff, 8, *words)
    for point in kills.points:
        skiff.run("rmi", "-f", "built", check=False)
        kills.strike(point, *words, signal="INT")
    skiff.run(*words)  # clears away what was interrupted while it was cleaned up
    assert skiff.states() == {}
