"""Both engines with the same small image, and a way to ask the same of both."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import shlex
import shutil
import subprocess
import tempfile
import termios
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest

from runtime_lib.paths import Layout
from runtime_lib.store import Store
from tests.support import dockerd, leftovers, rootfs
from tests.support.skiff import Skiff

IMAGE = f"oracle-{os.getpid()}"  # several runs may share an engine
PATIENCE = 120  # seconds for one container
_OWN = pytest.StashKey[dockerd.Dockerd]()


class Client(Protocol):
    """A command line of an engine."""

    def command(self, *arguments: str) -> list[str]: ...


class Engine:
    """One of both engines; `run(...)` is `docker run --rm IMAGE ...` or `skiff run --rm IMAGE ...`."""

    def __init__(self, name: str, client: Client, environment: dict[str, str]) -> None:
        self.name = name
        self._client = client
        self._environment = environment
        self._answers: dict[tuple[tuple[str, ...], tuple[str, ...]], dict[str, str]] = {}

    @property
    def environment(self) -> dict[str, str]:
        """The environment of its client."""
        return self._environment

    def command(self, *arguments: str) -> list[str]:
        """Return the argument vector of a call."""
        return self._client.command(*arguments)

    def call(self, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run the client; nothing is raised when it fails."""
        options.setdefault("stdin", None if "input" in options else subprocess.DEVNULL)
        if options["stdin"] is None:
            del options["stdin"]
        return subprocess.run(
            self._client.command(*arguments),
            text=options.pop("text", True),
            capture_output=True,
            env=self._environment,
            timeout=PATIENCE,
            check=False,
            **options,
        )

    def must(self, *arguments: str) -> str:
        """Run the client, and return what it prints; the test fails when it does."""
        done = self.call(*arguments)
        assert done.returncode == 0, f"{self.name} {arguments}: {done.stderr}"
        return done.stdout

    def run(self, options: tuple[str, ...], *command: str, **more: Any) -> subprocess.CompletedProcess[str]:
        return self.call("run", "--rm", *options, IMAGE, *command, **more)

    def answer(self, options: tuple[str, ...], commands: dict[str, str], wanted: str) -> str:
        """Return what the command `wanted` of `commands` prints in a container; all are run in one, once."""
        key = (options, tuple(commands))
        if key not in self._answers:
            self._answers[key] = self._ask(options, commands)
        answers = self._answers[key]
        return answers.get(wanted, answers[""])

    def _ask(self, options: tuple[str, ...], commands: dict[str, str]) -> dict[str, str]:
        script = "".join(
            f"echo '@@@ {name}'; ( {command} ) 2>&1; echo \"=> $?\"\n" for name, command in commands.items()
        )
        done = self.run(options, "sh", "-c", script)
        parts = re.split(r"(?m)^@@@ (.*)\n", done.stdout)
        answers = dict(zip(parts[1::2], parts[2::2]))
        return {**answers, "": f"the container failed: {done.stdout}{done.stderr}"}

    def terminal(self, *arguments: str, typed: bytes = b"", after: bytes = b"") -> tuple[int, str]:
        """Run the client with a terminal; return (exit code, all that appears there).

        `typed` is typed once `after` has appeared.
        """
        master, slave = pty.openpty()
        os.set_blocking(master, False)
        process = subprocess.Popen(
            self._client.command(*arguments),
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=self._environment,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        os.close(slave)
        try:
            output = _all_of(master, process, typed, after)
            return process.wait(PATIENCE), output.decode(errors="replace")
        finally:
            os.close(master)
            process.kill()
            process.wait()


def _all_of(master: int, process: subprocess.Popen[bytes], typed: bytes, after: bytes) -> bytes:
    output = b""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if typed and after in output:
            os.write(master, typed)
            typed = b""
        ready, _, _ = select.select([master], [], [], 0.1)
        try:
            part = os.read(master, 65536) if ready else b""
        except OSError:  # the other end is closed everywhere
            break
        if not part and process.poll() is not None:
            break
        output += part
    return output


class _Named:
    """An engine by its client's command."""

    def __init__(self, command: str) -> None:
        self._words = shlex.split(command)

    def command(self, *arguments: str) -> list[str]:
        return [*self._words, *arguments]


def pytest_sessionstart(session: pytest.Session) -> None:
    """Start an engine of our own, before modules are collected that need one; SKIFF_DOCKER names another client."""
    possible = os.geteuid() == 0 and os.path.exists(dockerd.SERVER) and not session.config.option.collectonly
    if possible and "SKIFF_DOCKER" not in os.environ:
        session.config.stash[_OWN] = dockerd.Dockerd("--experimental")  # for build --squash
        os.environ["SKIFF_DOCKER"] = shlex.join(session.config.stash[_OWN].command())


def pytest_sessionfinish(session: pytest.Session) -> None:
    own = session.config.stash.get(_OWN, None)
    if own:
        own.stop()
        del os.environ["SKIFF_DOCKER"]


@pytest.fixture(scope="session")
def archive() -> Iterator[Path]:
    """Busybox, and `calls`."""
    if os.geteuid() != 0:
        pytest.skip("needs root")
    folder = Path(tempfile.mkdtemp(prefix="oracle-"))
    tree = rootfs.make(folder / "rootfs")
    source = Path(__file__).with_name("calls.c")
    subprocess.run(["gcc", "-static", "-O1", "-o", tree / "bin" / "calls", source], check=True)
    _fill_up(tree)
    subprocess.run(["tar", "-C", tree, "-cf", folder / "rootfs.tar", "."], check=True)
    yield folder / "rootfs.tar"
    shutil.rmtree(folder)


def _fill_up(tree: Path) -> None:
    """Make the files as large as a number that is rounded in the same way when 20 kB are added.

    Docker's size of an image counts the letters of symbolic links, too, and both sizes are shown with three digits.
    """
    size = sum(path.stat().st_size for path in tree.rglob("*") if path.is_file() and not path.is_symlink())
    (tree / "var" / "filling").write_bytes(bytes(-size % 100_000))


@pytest.fixture(scope="session")
def docker(archive: Path) -> Iterator[Engine]:
    if "SKIFF_DOCKER" not in os.environ:
        pytest.skip("needs a Docker Engine: install docker.io, or name a client's command in SKIFF_DOCKER")
    engine = Engine("docker", _Named(os.environ["SKIFF_DOCKER"]), dict(os.environ))
    imported = engine.call("import", str(archive), IMAGE)
    assert imported.returncode == 0, imported.stderr
    yield engine
    engine.call("rmi", IMAGE)


@pytest.fixture(scope="session")
def skiff(archive: Path) -> Iterator[Engine]:
    folder = Path(tempfile.mkdtemp(prefix="skiff-oracle-"))
    host = Skiff(folder)
    engine = Engine("skiff", host, host.environment)
    before = os.listdir("/sys/class/net")  # the host's own, where others may have theirs

    def counts(name: str) -> bool:
        return name not in before and (name.endswith(host.layout.instance) or not name.startswith("skiff0-"))

    try:
        imported = engine.call("import", str(archive), IMAGE)
        assert imported.returncode == 0, imported.stderr
        yield engine
        host.remove_everything()
        assert leftovers.of(host.root, host.layout.label, counts=counts) == {}
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A store of its own."""
    opened = Store(Layout(str(tmp_path / "root"), str(tmp_path / "run")))
    yield opened
    opened.close()
