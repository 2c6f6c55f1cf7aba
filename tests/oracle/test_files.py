"""What concerns a container's files, asked of both engines: diff, export, commit, cp; and its ports."""

from __future__ import annotations

import socket
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from .conftest import IMAGE, Engine

pytestmark = pytest.mark.root
CHANGES = """
mkdir -p /n/x/y; echo 1 >/n/x/y/z; ln /n/x/y/z /n/hard; mknod /tmp/pipe p
rm /etc/passwd; echo more >>/etc/group; chmod 700 /var; chown 5 /bin/busybox; mv /root /root2
rm -r /usr; mkdir -p /usr/bin /usr/new; rm -r /home/u1; echo file >/home/u1; rm /bin/vi; mkdir /bin/vi
echo in-volume >/data/file; touch /dev/shm/x
"""


@pytest.fixture
def name(docker: Engine, skiff: Engine) -> Iterator[str]:
    """A name for a container of each engine; both are removed."""
    chosen = f"oracle-{uuid.uuid4().hex[:8]}"
    yield chosen
    for engine in (docker, skiff):
        engine.call("rm", "-f", "-v", chosen)


def both(docker: Engine, skiff: Engine, *arguments: str, **options: Any) -> tuple[Any, Any]:
    """Call the same on both engines."""
    return docker.call(*arguments, **options), skiff.call(*arguments, **options)


def test_diff_lists_the_same_paths(docker: Engine, skiff: Engine, name: str) -> None:
    options = ("--name", name, "-v", "/data", "-v", "/etc/hostname:/into/a/file")
    both(docker, skiff, "run", *options, IMAGE, "sh", "-c", CHANGES)
    theirs, ours = both(docker, skiff, "diff", name)
    assert sorted(ours.stdout.splitlines()) == sorted(theirs.stdout.splitlines())
    assert "D /root" in ours.stdout.splitlines()


def test_diff_of_a_running_and_of_a_fresh_container(docker: Engine, skiff: Engine, name: str) -> None:
    both(docker, skiff, "create", "--name", name, IMAGE, "sh", "-c", "touch /tmp/here; exec sleep 1000")
    theirs, ours = both(docker, skiff, "diff", name)
    assert (ours.stdout, ours.returncode) == (theirs.stdout, theirs.returncode) == ("", 0)
    both(docker, skiff, "start", name)
    for engine in (docker, skiff):
        engine.call("exec", name, "sh", "-c", "until [ -e /tmp/here ]; do sleep 0.1; done")
        assert engine.call("diff", name).stdout == "C /tmp\nA /tmp/here\n"


@pytest.mark.parametrize("arguments", [("diff", "no-such"), ("diff",), ("port", "no-such")])
def test_what_does_not_exist_is_refused_alike(docker: Engine, skiff: Engine, arguments: tuple[str, ...]) -> None:
    theirs, ours = both(docker, skiff, *arguments)
    assert (ours.returncode, ours.stdout, bool(ours.stderr)) == (theirs.returncode, theirs.stdout, True)


def test_port_lists_what_is_published(docker: Engine, skiff: Engine) -> None:
    """One after the other: they cannot have the same ports at once."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free = probe.getsockname()[1]
    options = ("-p", f"127.0.0.1:{free}:80", "-p", f"127.0.0.1:{free}:81/udp", "--expose", "99")
    answers = []
    for engine in (docker, skiff):
        container = engine.call("run", "-d", *options, IMAGE, "sleep", "1000").stdout.strip()
        answers.append(
            [_port(engine, container, *words) for words in ((), ("80",), ("81/udp",), ("81",), ("99",), ("x",))]
        )
        engine.call("stop", "-t", "0", container)
        answers[-1].append(_port(engine, container))
        engine.call("rm", "-f", container)
    assert answers[0] == answers[1]
    assert answers[1][1] == (0, [f"127.0.0.1:{free}"])


def _port(engine: Engine, *words: str) -> tuple[int, list[str]]:
    done = engine.call("port", *words)
    return done.returncode, sorted(done.stdout.splitlines())
