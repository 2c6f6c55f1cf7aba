"""What concerns a container's files, asked of both engines: diff, export, commit, cp; and its ports."""

from __future__ import annotations

import io
import json
import socket
import tarfile
import uuid
from collections.abc import Iterator
from pathlib import Path
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


def made(docker: Engine, skiff: Engine, *arguments: str) -> None:
    """Call the same on both engines; it has to work."""
    for engine in (docker, skiff):
        done = engine.call(*arguments)
        assert done.returncode == 0, (engine.name, done.stderr)


def test_diff_lists_the_same_paths(docker: Engine, skiff: Engine, name: str) -> None:
    options = ("--name", name, "-v", "/data", "-v", "/etc/hostname:/into/a/file")
    made(docker, skiff, "run", *options, IMAGE, "sh", "-c", CHANGES)
    theirs, ours = both(docker, skiff, "diff", name)
    assert sorted(ours.stdout.splitlines()) == sorted(theirs.stdout.splitlines())
    assert "D /root" in ours.stdout.splitlines()


def test_diff_of_a_running_and_of_a_fresh_container(docker: Engine, skiff: Engine, name: str) -> None:
    made(docker, skiff, "create", "--name", name, IMAGE, "sh", "-c", "touch /tmp/here; exec sleep 1000")
    theirs, ours = both(docker, skiff, "diff", name)
    assert (ours.stdout, ours.returncode) == (theirs.stdout, theirs.returncode) == ("", 0)
    made(docker, skiff, "start", name)
    for engine in (docker, skiff):
        engine.call("exec", name, "sh", "-c", "until [ -e /tmp/here ]; do sleep 0.1; done")
        assert engine.call("diff", name).stdout == "C /tmp\nA /tmp/here\n"


@pytest.mark.parametrize("arguments", [("diff", "no-such"), ("diff",), ("port", "no-such")])
def test_what_does_not_exist_is_refused_alike(docker: Engine, skiff: Engine, arguments: tuple[str, ...]) -> None:
    theirs, ours = both(docker, skiff, *arguments)
    assert (ours.returncode, ours.stdout, bool(ours.stderr)) == (theirs.returncode, theirs.stdout, True)


TREE = """
mkdir -p /n/x; echo 1 >/n/x/z; ln /n/x/z /n/hard; ln -s /etc/passwd /n/abs; ln -s x /n/tox; mkdir /n/empty
chown -R 7:8 /n; mknod /n/pipe p; mknod /n/device c 1 3; chmod 4751 /n/x/z; echo in-volume >/data/file
truncate -s 300000 /n/sparse; echo end >>/n/sparse; echo changed >>/etc/group; rm /etc/passwd
"""
GIVEN: tuple[str, ...] = (".dockerenv", "dev", "dev/console", "dev/pts", "dev/shm", "proc", "sys")
GIVEN = (*GIVEN, "etc/hostname", "etc/hosts", "etc/mtab", "etc/resolv.conf")


def members(data: bytes) -> list[tuple[Any, ...]]:
    """Return what an archive has, but for what every container is given; owners, modes, links and content."""
    found = []
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        for info in tar:
            if info.name in GIVEN:
                continue
            content = tar.extractfile(info) if info.isreg() else None
            text = content.read() if content else b""
            device = (info.devmajor, info.devminor) if info.isdev() and not info.isfifo() else ()
            found.append(
                (
                    info.name,
                    info.type if not info.issparse() else b"0",
                    info.mode & 0o7777,
                    info.uid,
                    info.gid,
                    device,
                    info.linkname,
                    text,
                )
            )
    return sorted(found)


@pytest.mark.parametrize("last", ["true", "touch /ready; exec sleep 1000"])
def test_export_has_the_same_members(docker: Engine, skiff: Engine, name: str, last: str) -> None:
    made(docker, skiff, "run", "-d", "--name", name, "-v", "/data", IMAGE, "sh", "-c", TREE + last)
    for engine in (docker, skiff):
        if last == "true":
            engine.call("wait", name)
        else:
            engine.call("exec", name, "sh", "-c", "until [ -e /ready ]; do sleep 0.1; done")
    theirs, ours = both(docker, skiff, "export", name, text=False)
    assert members(ours.stdout) == members(theirs.stdout)
    assert "data/file" not in [member[0] for member in members(ours.stdout)]


def test_export_to_a_file_and_its_refusals(docker: Engine, skiff: Engine, name: str, tmp_path: Path) -> None:
    made(docker, skiff, "create", "--name", name, IMAGE, "true")
    for engine in (docker, skiff):
        target = tmp_path / engine.name
        assert engine.call("export", "-o", str(target), name).returncode == 0
        assert target.stat().st_mode & 0o777 == 0o600
        assert engine.call("export", "-o", f"{tmp_path}/no/such", name).returncode == 1
        assert engine.call("export", "-o", f"{tmp_path}/not", "no-such").returncode == 1
        assert not (tmp_path / "not").exists()
        assert engine.terminal("export", name)[0] == 1
    assert members((tmp_path / "skiff").read_bytes()) == members((tmp_path / "docker").read_bytes())


SETTINGS: tuple[str, ...] = ("-t", "-v", "/data", "-e", "A=1", "-e", "B=two words", "-l", "l=1", "-u", "1000")
SETTINGS = (*SETTINGS, "-w", "/tmp", "--expose", "91/udp", "--hostname", "hh", "--stop-signal", "USR1")
SETTINGS = (*SETTINGS, "--entrypoint", "sleep")
INSTRUCTIONS = ("ENV A=3 C=4", 'CMD ["x", "y"]', "LABEL k=v", "EXPOSE 99", "WORKDIR /sub", "USER 5", "VOLUME /vv")
COMMITS = {
    "words and instructions": ("-a", "me <me@example.org>", "-m", "a message", "-p=false")
    + tuple(word for text in INSTRUCTIONS for word in ("-c", text)),
    "entrypoint": ("--change", 'ENTRYPOINT ["/bin/x"]', "--change", "HEALTHCHECK CMD true"),
    "shell": ("-c", "CMD echo $HOME", "-c", "WORKDIR relative", "--pause=false"),
}


@pytest.fixture
def image(docker: Engine, skiff: Engine, name: str) -> Iterator[str]:
    """A name for an image of each engine; both are removed."""
    yield f"{name}-image:1"
    for engine in (docker, skiff):
        engine.call("rm", "-f", "-v", name)
        engine.call("rmi", "-f", f"{name}-image:1")


@pytest.mark.parametrize("options", COMMITS.values(), ids=COMMITS)
def test_commit_gives_the_same_defaults(
    docker: Engine, skiff: Engine, name: str, image: str, options: tuple[str, ...]
) -> None:
    made(docker, skiff, "run", "-d", "--name", name, *SETTINGS, IMAGE, "1000")
    made(docker, skiff, "exec", "-u", "0", name, "sh", "-c", "echo new >/new; rm /etc/passwd; echo v >/data/v")
    made(docker, skiff, "commit", *options, name, image)
    theirs, ours = (_inspected(engine, image) for engine in (docker, skiff))
    assert ours == theirs
    look = "cat /new; ls -d /etc/passwd /data/v"
    for engine in (docker, skiff):
        done = engine.call("run", "--rm", "-u", "0", "-w", "/", "--entrypoint", "sh", image, "-c", look)
        assert (done.stdout, done.returncode) == ("new\n", 1)
        assert engine.call("inspect", "-f", "{{.State.Status}}", name).stdout == "running\n"


def _inspected(engine: Engine, image: str) -> dict[str, Any]:
    (found,) = json.loads(engine.call("inspect", "--type", "image", image).stdout)
    found["Config"]["Env"] = sorted(found["Config"]["Env"] or ())  # Docker has them in any order
    found["layers"] = len(found["RootFS"]["Layers"])
    return {key: found[key] for key in ("Author", "Comment", "Config", "Os", "Architecture", "layers")}


def test_commit_of_a_container_that_changed_nothing(docker: Engine, skiff: Engine, name: str, image: str) -> None:
    made(docker, skiff, "create", "--name", name, IMAGE, "true")
    for engine in (docker, skiff):
        done = engine.call("commit", name, image)
        assert done.stdout.startswith("sha256:")
    theirs, ours = (_inspected(engine, image)["Config"] for engine in (docker, skiff))
    ours["Hostname"] = theirs["Hostname"]
    ours["AttachStdout"] = ours["AttachStderr"] = True  # Docker notes who created it without -d
    assert ours == theirs


@pytest.mark.parametrize("arguments", [("no-such",), ("-c", "RUN x", "NAME"), ("NAME", "Upper:1"), ()])
def test_commits_that_are_refused(docker: Engine, skiff: Engine, name: str, arguments: tuple[str, ...]) -> None:
    made(docker, skiff, "create", "--name", name, IMAGE, "true")
    words = [name if word == "NAME" else word for word in arguments]
    theirs, ours = both(docker, skiff, "commit", *words)
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
