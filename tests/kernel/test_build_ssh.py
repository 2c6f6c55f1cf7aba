"""ADD of a repository, and a context, by SSH: a real server, and the agent of who builds."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import registry
from tests.support.skiff import Skiff
from tests.support.sshd import Sshd
from tests.support.web import git

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
# ssh looks for known hosts in the home of the user database and here, whatever the environment says.
INSIDE = 'mount -t tmpfs tmpfs /etc/ssh && cp "$0" /etc/ssh/ssh_known_hosts && exec "$@"'


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Sshd]:
    """A server with the repository `work` in its folder."""
    work = tmp_path / "work"
    work.mkdir()
    git(work, "init", "--quiet")
    (work / "f").write_text("of the repository")
    (work / "Dockerfile").write_text("FROM bb\nCOPY f /context\n")
    git(work, "add", "-A")
    git(work, "commit", "--quiet", "-m", "first")
    with Sshd(tmp_path, [], registry.free_port()) as running:
        yield running


@pytest.fixture
def agent(server: Sshd) -> Iterator[str]:
    """The socket of an agent that has the key."""
    path = f"{server.folder}/agent"
    with subprocess.Popen(["ssh-agent", "-D", "-a", path], stdout=subprocess.DEVNULL) as process:
        environment = {**os.environ, "SSH_AUTH_SOCK": path}
        words = ["ssh-add", "-q", str(server.folder / "user_key")]
        while subprocess.run(words, env=environment, capture_output=True).returncode == 2:  # it does not answer yet
            assert process.poll() is None
        yield path
        process.terminate()


def build(skiff: Skiff, server: Sshd, *words: str) -> subprocess.CompletedProcess[str]:
    command = ["unshare", "--mount", "sh", "-c", INSIDE, f"{server.folder}/known_hosts"]
    command += skiff.command("build", "--network", "none", "-t", "made", *words)
    return subprocess.run(command, env=skiff.environment, capture_output=True, text=True)


def test_the_agent_opens_a_repository(skiff: Skiff, server: Sshd, agent: str) -> None:
    address = f"ssh://root@127.0.0.1:{server.port}{server.folder}/work"
    (server.folder / "Dockerfile").write_text(f"FROM bb\nADD {address}.git /added\n")
    (server.folder / "work").rename(server.folder / "work.git")
    done = build(skiff, server, "--ssh", f"default={agent}", str(server.folder))
    assert done.returncode == 0, done.stderr
    assert skiff.run("run", "--rm", "--network", "none", "made", "cat", "/added/f").stdout == "of the repository"
    done = build(skiff, server, "--ssh", f"default={agent}", f"{address}.git")
    assert done.returncode == 0, done.stderr
    assert skiff.run("run", "--rm", "--network", "none", "made", "cat", "/context").stdout == "of the repository"
    without = build(skiff, server, f"{address}.git")
    assert without.returncode != 0
    assert without.stderr.startswith("skiff: ")
    assert "Permission denied" in without.stderr
    skiff.run("rmi", "made")
