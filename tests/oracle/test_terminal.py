"""The same scripts at a terminal of Docker and of Skiff: what appears, how it ends, what is left behind."""

from __future__ import annotations

import os
import re
import select
import subprocess
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.support.window import PATIENCE, Window

from .conftest import IMAGE, Engine

LEAVE = b"\x10\x11"
SHELL = 'while read line; do eval "$line"; done'
LOOP = "while :; do sleep 0.05; done"
Script = Callable[[Engine, str], Any]


def window(engine: Engine, *words: str, rows: int = 31, columns: int = 97) -> Window:
    return Window(engine.command(*words), engine.environment, rows, columns)


def result(user: Window) -> Any:
    """Return exit code, what has appeared, and whether the terminal is as it was."""
    code = user.end()
    return code, re.sub(rb"\r+\n", b"\n", user.look()), user.modes() == user.before


def shell(*words: str, typed: bytes) -> Script:
    """Have a shell run something and end."""

    def script(engine: Engine, name: str) -> Any:
        with window(engine, *(word.replace("NAME", name) for word in words)) as user:
            user.type(b"echo read''y\r")
            user.expect(b"ready\r\n")
            user.type(typed)
            return result(user)

    return script


def resized(*words: str) -> Script:
    def script(engine: Engine, name: str) -> Any:
        with window(engine, *(word.replace("NAME", name) for word in words)) as user:
            # Docker tells the first size only after the start, and may tell it again, which would end a shell's `read`.
            until = "until stty size | grep -q '31 97'; do sleep 0.05; done"
            user.type(f"{until}; trap 'stty size' WINCH; trap 'exit 3' INT; echo read''y; {LOOP}\r".encode())
            user.expect(b"ready\r\n")
            user.resize(52, 133)
            user.expect(b"52 133\r\n")
            user.type(b"\x03")
            return result(user)[0]

    return script


def interrupted(*words: str) -> Script:
    def script(engine: Engine, name: str) -> Any:
        with window(engine, *(word.replace("NAME", name) for word in words)) as user:
            user.type(f"trap 'echo INT' INT; trap 'exit 8' QUIT; echo read''y; {LOOP}\r".encode())
            user.expect(b"ready\r\n")
            user.type(b"\x03")
            user.expect(b"INT\r\n")
            user.type(b"\x1c")
            code, _seen, same = result(user)  # the shell says "Quit" when it has a child just then
            return code, same

    return script


def fed(*words: str, data: str = "hi\n") -> Script:
    """Feed the input of a container that was made to be fed."""

    def script(engine: Engine, name: str) -> Any:
        engine.call("create", "-i", "--name", f"{name}-fed", IMAGE, "sh", "-c", "cat; echo end; exit 4")
        try:
            done = engine.call(*(word.replace("NAME", name) for word in words), input=data)
            return done.returncode, done.stdout
        finally:
            engine.call("rm", "-f", f"{name}-fed")

    return script


def told(*words: str) -> Script:
    """Call something without a terminal; return its code, and whether it said something."""

    def script(engine: Engine, name: str) -> Any:
        done = engine.call(*(word.replace("NAME", name) for word in words))
        return done.returncode, bool(done.stderr)

    return script


def refused(*words: str) -> Script:
    """See that something is refused; our codes tell an engine's failure (125) from the program's own."""

    def script(engine: Engine, name: str) -> Any:
        code, said = told(*words)(engine, name)
        return code in (1, 125), said

    return script


def kept_open(engine: Engine, name: str) -> Any:
    """The input of a container in the background stays open after one who was attached."""
    engine.call("run", "-di", "--name", f"{name}-open", IMAGE, "cat")
    try:
        return [_echo(engine, f"{name}-open", line) for line in (b"first\n", b"second\n")]
    finally:
        engine.call("rm", "-f", f"{name}-open")


def _echo(engine: Engine, container: str, line: bytes) -> bytes:
    """Attach to a container, write a line and return what comes back; then our input ends, and nobody is attached."""
    feeder = subprocess.Popen(
        engine.command("attach", container),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=engine.environment,
    )
    assert feeder.stdin is not None
    assert feeder.stdout is not None
    try:
        feeder.stdin.write(line)
        feeder.stdin.flush()
        # Only then the end of the input: Docker may drop what the container writes after it.
        assert select.select([feeder.stdout], [], [], PATIENCE)[0], "nothing comes back"
        return os.read(feeder.stdout.fileno(), 100)
    finally:
        feeder.stdin.close()
        feeder.kill()
        feeder.wait()
        feeder.stdout.close()


def signalled(engine: Engine, name: str) -> Any:
    """The client of a run with a terminal passes on what it is sent."""
    with window(engine, "run", "--rm", "-it", IMAGE, "sh", "-c", f"trap 'exit 9' TERM; {SHELL}") as user:
        user.type(b"echo read''y\r")
        user.expect(b"ready\r\n")
        user.process.terminate()
        return result(user)


RUN = ("run", "--rm", "-it", IMAGE, "sh", "-c", SHELL)
EXEC = ("exec", "-it", "NAME", "sh", "-c", SHELL)
ATTACH = ("attach", "NAME")

SCRIPTS: list[tuple[str, Script]] = [
    *((f"{way[0]}: exit code", shell(*way, typed=b"exit 7\r")) for way in (RUN, EXEC, ATTACH)),
    *((f"{way[0]}: size", resized(*way)) for way in (RUN, EXEC, ATTACH)),
    *((f"{way[0]}: keys of signals", interrupted(*way)) for way in (RUN, EXEC, ATTACH)),
    *((f"{way[0]}: left by keys", shell(*way, typed=LEAVE)) for way in (EXEC, ATTACH)),
    ("run: left by keys", shell("run", "--name", "NAME-left", *RUN[2:], typed=LEAVE)),
    ("attach: other keys", shell("attach", "--detach-keys", "a,ctrl-x", "NAME", typed=b"a\x18")),
    ("attach: a beginning of the keys", shell(*ATTACH, typed=b"exit \x103\r")),
    ("run: a signal for the client", signalled),
    ("start -ai: fed", fed("start", "-ai", "NAME-fed")),
    ("start -i: fed", fed("start", "-i", "NAME-fed")),
    ("attach: input stays open", kept_open),
    ("attach: no terminal", told("attach", "NAME")),
    ("attach: not there", told("attach", "NAME-none")),
    ("run -it: no terminal", refused("run", "--rm", "-it", IMAGE, "true")),
    ("exec -it: no terminal", refused("exec", "-it", "NAME", "true")),
    ("run -a -d", refused("run", "--rm", "-d", "-a", "stdout", IMAGE, "true")),
    ("exec -t: no terminal", told("exec", "-t", "NAME", "true")),
    ("exec -d", told("exec", "-d", "NAME", "true")),
    ("exec -dt", told("exec", "-dt", "NAME", "true")),
    ("start -a: two", told("start", "-a", "NAME", "NAME-none")),
    ("run -a stderr", told("run", "--rm", "-a", "stderr", IMAGE, "sh", "-c", "echo e >&2; exit 3")),
    ("run -a stdout", told("run", "--rm", "-a", "stdout", IMAGE, "sh", "-c", "echo e >&2; exit 3")),
]


@pytest.fixture
def names(docker: Engine, skiff: Engine) -> Iterator[str]:
    """The name of a container with a shell at a terminal on both."""
    name = f"terminal-{uuid.uuid4().hex[:8]}"
    for engine in (docker, skiff):
        started = engine.call("run", "-dit", "--name", name, IMAGE, "sh", "-c", SHELL)
        assert started.returncode == 0, started.stderr
    yield name
    for engine in (docker, skiff):
        for one in (name, f"{name}-left"):
            engine.call("rm", "-f", one)


@pytest.mark.parametrize("script", [script for _, script in SCRIPTS], ids=[name for name, _ in SCRIPTS])
def test_a_terminal_is_the_same(docker: Engine, skiff: Engine, names: str, script: Script) -> None:
    theirs, ours = script(docker, names), script(skiff, names)
    assert ours == theirs
