"""What a container gets of the processes that start it and enter it (gate G2): rows 1 to 4 of the known attacks.

CVE-2019-5736 (the runtime's own executable), CVE-2024-21626 (a working directory outside), inherited descriptors, and
CVE-2016-9962 (a process that enters is looked at through /proc).
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.security.conftest import make_archive
from tests.support import rootfs
from tests.support.bundle import canary, intact
from tests.support.power import await_end
from tests.support.skiff import Skiff

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root"),
]
X86_64 = os.uname().machine == "x86_64"
PATIENCE = 120.0  # seconds
LOADERS = ("lib64/ld-linux-x86-64.so.2", "lib/ld-linux-x86-64.so.2")
SECRET = "become-password-of-the-play"
ENTER = 8  # times


def mapped(pid: int | str) -> set[str]:
    """Return the files that a process executes: the interpreter and its libraries."""
    lines = [line.split(None, 5) for line in Path(f"/proc/{pid}/maps").read_text().splitlines()]
    paths = {line[5] for line in lines if len(line) == 6 and "x" in line[1] and line[5].startswith("/")}
    return {path for path in paths if os.path.exists(path)}  # not the overlay that the interpreter is executed from


def digests(paths: set[str]) -> dict[str, str]:
    return {path: hashlib.sha256(Path(path).read_bytes()).hexdigest() for path in paths}


@pytest.fixture(scope="module")
def evil(skiff: Skiff, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An image whose programs are links to whoever executes them, and whose dynamic loader is the attacker's."""
    folder = tmp_path_factory.mktemp("evil")
    tree = rootfs.make(folder / "evil")
    for name in LOADERS:
        (tree / name).parent.mkdir(exist_ok=True)
        flags = ("-static", "-nostdlib", "-fno-stack-protector", "-O1")
        subprocess.run(["gcc", *flags, "-o", tree / name, Path(__file__).with_name("loader.c")], check=True)
    (tree / "link").symlink_to("/proc/self/exe")
    (tree / "script").write_text("#!/proc/self/exe\n")
    (tree / "script").chmod(0o755)
    skiff.run("import", "-c", 'CMD ["sh"]', str(make_archive(folder, tree)), "evil")
    yield "evil"
    skiff.run("rmi", "evil")


def state(skiff: Skiff, name: str) -> tuple[int, int]:
    """Return the pids of a container's monitor and first process."""
    pid = int(skiff.run("inspect", "-f", "{{.State.Pid}}", name).stdout)
    parent = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1]
    return int(parent), pid


def size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


@pytest.mark.skipif(not X86_64, reason="this machine: a program for x86_64")
@pytest.mark.parametrize("program", ["/link", "/script"])
def test_the_interpreter_stays_as_it_is(skiff: Skiff, evil: str, interpreter: str, program: str) -> None:
    skiff.run("run", "-d", "--name=victim", "--network=none", evil, "sleep", "1000")
    try:
        monitor, init = state(skiff, "victim")
        before = digests({interpreter, *mapped(monitor), *mapped("self")})
        assert skiff.run("exec", "victim", program, check=False).returncode == 7  # the attacker runs, in the container
        tries = Path(f"/proc/{init}/root/tries")
        assert size(tries)
        os.kill(monitor, 9)  # nobody executes the interpreter any more, so it is not busy
        await_end(monitor)
        seen, deadline = size(tries), time.monotonic() + PATIENCE
        while size(tries) < seen + 100:
            assert time.monotonic() < deadline, "the attacker has stopped trying: has it succeeded?"
            time.sleep(0.01)
        assert digests(set(before)) == before
    finally:
        skiff.run("rm", "-f", "victim")


@pytest.mark.skipif(not X86_64, reason="this machine: a program for x86_64")
@pytest.mark.parametrize("program", ["/link", "/script"])
def test_neither_when_it_is_the_first_process(skiff: Skiff, evil: str, interpreter: str, program: str) -> None:
    before = digests({interpreter, *mapped("self")})
    done = skiff.run("run", "--rm", "--network=none", evil, program, check=False)
    assert done.returncode == 7
    assert digests(set(before)) == before


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return canary(tmp_path / "OUT")


def with_descriptors(skiff: Skiff, out: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Call the command with descriptors 3 to 50 open on folders and files of the host."""
    opened = [f"exec {number}<{out if number % 2 else out / 'victim'}" for number in range(3, 51)]
    command = ["bash", "-c", f'{"; ".join(opened)}; exec "$@"', "bash", *skiff.command(*words)]
    return subprocess.run(
        command, text=True, capture_output=True, env=skiff.environment, stdin=subprocess.DEVNULL, timeout=PATIENCE
    )


def test_no_descriptor_comes_along(skiff: Skiff, out: Path) -> None:
    script = "for f in /proc/1/fd/* /proc/self/fd/*; do readlink $f; done; sleep 0"
    first = with_descriptors(skiff, out, "run", "--rm", "--network=none", "bb", "sh", "-c", script)
    skiff.run("run", "-d", "--name=one", "--network=none", "bb", "sleep", "1000")
    try:
        second = with_descriptors(skiff, out, "exec", "one", "sh", "-c", script)
    finally:
        skiff.run("rm", "-f", "one")
    for done in (first, second):
        assert done.returncode == 0, done.stderr
        assert done.stdout
        assert str(out) not in done.stdout
        assert not [
            line for line in done.stdout.split() if line.startswith("/") and not line.startswith(("/dev/", "/proc"))
        ]


@pytest.mark.parametrize("numbers", [range(3, 7), range(7, 11)])
def test_no_working_directory_leads_out(skiff: Skiff, out: Path, numbers: range) -> None:
    skiff.run("run", "-d", "--name=one", "--network=none", "bb", "sleep", "1000")
    try:
        for number in numbers:
            for words in (("run", "--rm", "--network=none", "-w"), ("exec", "-w")):
                target = "bb" if words[0] == "run" else "one"
                where = f"/proc/self/fd/{number}"
                done = with_descriptors(skiff, out, *words, where, target, "sh", "-c", "pwd; cat victim")
                assert done.returncode, (words, number)
                assert "untouched" not in done.stdout
    finally:
        skiff.run("rm", "-f", "one")
    assert intact(out)


@pytest.mark.parametrize("capability", ["", "--cap-add=SYS_PTRACE"])
def test_whoever_enters_shows_nothing(skiff: Skiff, out: Path, capability: str) -> None:
    """The container's root reads what it can of every process, while others are started in it again and again."""
    look = "for p in /proc/[0-9]*; do cat $p/environ; ls -l $p/fd; ls -l $p/cwd; done 2>/dev/null"
    script = f"echo ready; while :; do {look}; done"
    words = [word for word in (capability, "bb", "sh", "-c", script) if word]
    skiff.run("run", "-d", "--name=spy", "--network=none", "--log-opt", "max-size=100m", *words)
    environment = {**skiff.environment, "ANSIBLE_BECOME_PASSWORD": SECRET}
    try:
        for _unused in range(ENTER):
            command = skiff.command("exec", "spy", "true")
            subprocess.run(command, env=environment, check=True, cwd=out, stdin=subprocess.DEVNULL, timeout=PATIENCE)
        skiff.run("kill", "spy")
        skiff.run("wait", "spy")
        seen = skiff.run("logs", "spy").stdout
        assert "ready" in seen
        assert "HOSTNAME=" in seen  # so it did read some
        assert SECRET not in seen
        assert str(out) not in seen
        assert skiff.root not in seen
    finally:
        skiff.run("rm", "-f", "spy")


def test_the_machine_can_show_it() -> None:
    """The same look, at a process that hides nothing, does find the secret: so the test above can fail."""
    sleep = shutil.which("sleep") or ""
    with subprocess.Popen([sleep, "1000"], env={"ANSIBLE_BECOME_PASSWORD": SECRET}) as process:
        try:
            deadline = time.monotonic() + PATIENCE
            while SECRET not in Path(f"/proc/{process.pid}/environ").read_text():
                assert time.monotonic() < deadline
        finally:
            process.kill()
