"""A second process in a running container."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from runtime_lib.linux.cgroups.group import Cgroup
from runtime_lib.linux.cgroups.hierarchy import detect
from runtime_lib.linux.process import Process
from runtime_lib.oci import exec as executing
from runtime_lib.oci import report
from tests.support.bundle import ROOT, Bundle

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


class Box:
    """A container that runs, and what is needed to execute something in it."""

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self.target = Process.of(bundle.begin("sleep", "60"))
        self.cgroup = Cgroup(detect(), f"/skiff-oci/{bundle.name}").paths()

    def start(self, *args: str, stdio: tuple[int, int, int] = (0, 1, 2), **changes: Any) -> executing.Running:
        process = {**self.bundle.config["process"], **changes, "args": list(args)}
        helper = executing.prespawn(str(ROOT))
        name = self.bundle.name
        return helper.start(self.target, self.bundle.config, process, stdio, container_id=name, cgroup=self.cgroup)

    def run(self, *args: str, **changes: Any) -> tuple[int, str]:
        """Return (exit code, what it wrote)."""
        read, write = os.pipe()
        null = os.open("/dev/null", os.O_RDONLY)
        try:
            running = self.start(*args, stdio=(null, write, write), **changes)
        finally:
            os.close(write)
            os.close(null)
        with open(read) as file:
            text = file.read()
        return running.wait(), text


@pytest.fixture
def box(bundle: Bundle) -> Box:
    bundle.config["process"]["user"]["additionalGids"] = [4242]
    return Box(bundle)


def test_it_joins_everything(box: Box) -> None:
    names = ("mnt", "pid", "net", "uts", "ipc")
    _, shown = box.run("sh", "-c", "for n in mnt pid net uts ipc; do readlink /proc/self/ns/$n; done; hostname")
    assert shown.split() == [*(os.readlink(f"/proc/{box.target.pid}/ns/{name}") for name in names), "box"]
    _, groups = box.run("cat", "/proc/self/cgroup")
    assert groups.count(f"/skiff-oci/{box.bundle.name}\n") == len(groups.splitlines())


def test_it_looks_like_the_first_process(box: Box) -> None:
    words = ["grep", *(f"-e{word}" for word in ("Cap", "SigIgn", "SigBlk", "NoNew", "Seccomp:", "Groups"))]
    theirs, first = (box.run(*words, f"/proc/{name}/status")[1] for name in ("self", "1"))
    assert theirs == first
    _, shown = box.run(
        "sh", "-c", "ls /proc/$$/fd; echo; env; cat /proc/self/sessionid /proc/self/loginuid 2>/dev/null; true"
    )
    assert shown.split()[:3] == ["0", "1", "2"]
    assert "ANSIBLE" not in shown


def test_user_directory_and_environment(box: Box) -> None:
    user = {"uid": 1000, "gid": 1000, "additionalGids": [4242]}
    code, shown = box.run("sh", "-c", "id -u; id -G; pwd; echo $A", user=user, cwd="/tmp", env=["A=b", "PATH=/bin"])
    assert (code, shown.split()) == (0, ["1000", "1000", "4242", "/tmp", "b"])


@pytest.mark.parametrize(("script", "code"), [("exit 7", 7), ("kill -9 $$", 137), ("kill -TERM $$", 143), ("true", 0)])
def test_exit_codes(box: Box, script: str, code: int) -> None:
    assert box.run("sh", "-c", script)[0] == code


@pytest.mark.parametrize(
    ("args", "changes", "stage", "number"),
    [
        (["nonesuch"], {}, "exec", 2),
        (["/nonesuch"], {}, "exec", 2),
        (["/etc/passwd"], {}, "exec", 13),
        (["true"], {"cwd": "/proc/self/fd/3"}, "cwd", 20),
        (["true"], {"cwd": "/proc/self/fd/7"}, "cwd", 2),
        (["true"], {"cwd": "/nonesuch"}, "cwd", 2),
    ],
)
def test_failures_say_what_and_why(box: Box, args: list[str], changes: Any, stage: str, number: int) -> None:
    with pytest.raises(report.LaunchError) as caught:
        box.start(*args, **changes)
    assert (caught.value.stage, caught.value.errno) == (stage, number)


def test_signals_reach_it(box: Box) -> None:
    running = box.start("sleep", "60")
    assert running.poll() is None
    running.signal(signal.SIGKILL)
    assert running.wait() == 137
    running.signal(signal.SIGKILL)  # it has ended: no error
    assert running.poll() == 137


def test_a_terminal(box: Box) -> None:
    size = {"height": 33, "width": 77}
    running = box.start("sh", "-c", "tty; stty size; read line; echo got $line", terminal=True, consoleSize=size)
    assert running.console >= 0
    os.write(running.console, b"word\n")
    shown = _everything(running.console)
    assert running.wait() == 0
    echoed, rest = shown.count("word\r\n") == 2, shown.replace("\r", "").replace("word\n", "", 1)
    assert echoed, shown
    assert rest.split() == ["/dev/pts/0", "33", "77", "got", "word"]


def test_resizing_is_told(box: Box) -> None:
    running = box.start(
        "sh", "-c", "trap 'stty size; exit' WINCH; echo ready; while :; do sleep 0.01; done", terminal=True
    )
    assert os.read(running.console, 100).startswith(b"ready")
    running.resize(10, 20)
    assert "10 20" in _everything(running.console)
    os.close(running.console)
    assert running.wait() == 0


def test_a_container_that_has_ended(box: Box) -> None:
    box.target.signal(signal.SIGKILL)
    while box.target.alive():
        os.sched_yield()
    with pytest.raises(ProcessLookupError):
        box.start("true")


def test_another_process_with_the_same_pid_is_not_entered(box: Box) -> None:
    box.target = Process(box.target.pid, box.target.start_time + 1)
    with pytest.raises(ProcessLookupError):
        box.start("true")


def test_a_helper_that_is_not_needed(box: Box) -> None:
    before = children()
    executing.prespawn(str(ROOT)).cancel()
    assert children() == before


def children() -> set[str]:
    return set(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split())


def test_the_helper_stays_outside(box: Box) -> None:
    running = box.start("sleep", "60")
    parent = int(Path(f"/proc/{running.pid}/stat").read_text().rsplit(")", 1)[1].split()[1])
    assert os.readlink(f"/proc/{parent}/ns/mnt") == os.readlink("/proc/self/ns/mnt")
    assert Path(f"/proc/{parent}/environ").read_bytes() == b""
    assert box.run("sh", "-c", "ls -d /proc/[0-9]* | wc -l")[1].split()[0] in ("3", "4", "5")
    running.signal(signal.SIGKILL)
    running.wait()


def _everything(descriptor: int) -> str:
    data = b""
    while True:
        try:
            part = os.read(descriptor, 4096)
        except OSError:  # EIO: the last user of the terminal has gone
            return data.decode()
        data += part
