"""The monitor with real containers: output, exit codes, restarts, attach, clean-up, memory."""

from __future__ import annotations

import json
import os
import select
import shutil
import signal
import subprocess
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from runtime_lib import library
from runtime_lib.linux.cgroups.group import Cgroup
from runtime_lib.linux.cgroups.hierarchy import UNIFIED, detect
from runtime_lib.monitor import client, logs, state
from runtime_lib.monitor.client import Session
from runtime_lib.monitor.request import Request
from runtime_lib.oci.report import LaunchError
from runtime_lib.paths import Layout
from runtime_lib.store import Store
from tests.support import rootfs, waiting

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
PATIENCE = 120.0  # seconds


class Host:
    """Containers without an engine: a bundle, a monitor and nothing else."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.layout = Layout(str(folder / "root"), str(folder / "run"))
        self.library = library.install(Store(self.layout))
        self.rootfs = rootfs.make(folder / "rootfs")
        self.monitors: list[int] = []

    def request(self, *command: str, terminal: bool = False, **options: Any) -> Request:
        name = uuid.uuid4().hex
        bundle, container = Path(self.layout.bundle(name)), Path(self.layout.container(name))
        bundle.mkdir(parents=True)
        container.mkdir(parents=True)
        (bundle / "config.json").write_text(json.dumps(self.config(name, command, terminal)))
        return Request(str(bundle), str(container), f"{container}/container.log", tty=terminal, **options)

    def config(self, name: str, command: tuple[str, ...], terminal: bool) -> dict[str, Any]:
        return {
            "ociVersion": "1.0.2",
            "process": {"args": list(command), "cwd": "/", "env": ["PATH=/bin"], "terminal": terminal},
            "root": {"path": str(self.rootfs), "readonly": False},
            "mounts": [
                {"destination": "/proc", "type": "proc", "source": "proc"},
                {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755"]},
                {"destination": "/dev/pts", "type": "devpts", "source": "devpts", "options": ["newinstance"]},
            ],
            "linux": {
                "cgroupsPath": self.layout.cgroup(name),
                "namespaces": [{"type": kind} for kind in ("pid", "mount", "ipc", "uts", "network")],
                "resources": {"memory": {"limit": 32 * 1024 * 1024}},
            },
        }

    def start(self, request: Request) -> Session:
        spawned = client.prespawn(self.library, f"/{self.layout.label}/monitors")
        self.monitors.append(spawned._pid)
        return spawned.start(request)

    def state(self, request: Request) -> state.State:
        return state.read(request.run_folder, request.container_folder)

    def log(self, request: Request) -> list[tuple[str, bytes]]:
        return [(record.stream, record.data) for record in logs.read(request.log_path)]

    def close(self) -> None:
        for monitor in self.monitors:
            try:
                os.kill(monitor, signal.SIGKILL)
                os.waitpid(monitor, 0)
            except (ProcessLookupError, ChildProcessError):
                continue
        for bundle in Path(self.layout.run, "containers").iterdir():
            group = Cgroup(detect(), self.layout.cgroup(bundle.name))
            group.kill()
            group.remove()
        Cgroup(detect(), f"/{self.layout.label}/monitors").remove()
        shutil.rmtree(self.folder)


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    host = Host(tmp_path_factory.mktemp("monitor"))
    yield host
    host.close()


def until(condition: Callable[[], object]) -> None:
    waiting.until(condition, PATIENCE)


def ended(monitor: int) -> None:
    until(lambda: os.waitpid(monitor, os.WNOHANG)[0])


def talk(session: Session) -> list[tuple[int, bytes]] | None:
    """Send what is to be sent until something comes."""
    while not session.pending():
        readable, _, _ = select.select([session], [session] if session.unsent() else [], [])
        if readable:
            break
        session.flush()
    return session.output()


def everything(session: Session) -> tuple[bytes, bytes]:
    found = {1: b"", 2: b""}
    while True:
        chunks = talk(session)
        if chunks is None:
            return found[1], found[2]
        for stream, data in chunks:
            found[stream] += data


def test_a_foreground_run_gets_all_output_and_the_code(host: Host) -> None:
    request = host.request("sh", "-c", "printf 'a\\n\\377b'; echo oops >&2; exit 7", foreground=True)
    with host.start(request) as session:
        assert everything(session) == (b"a\n\xffb", b"oops\n")
        assert session.exit_code == 7
        found = host.state(request)
        assert (found.status, found.exit_code, found.process) == ("exited", 7, None)
        assert 0 < found.started <= found.finished
        session.release()
    assert sorted(host.log(request)) == [("stderr", b"oops\n"), ("stdout", b"a\n"), ("stdout", b"\xffb")]
    ended(host.monitors[-1])
    assert state.read("/nowhere", request.container_folder).exit_code == 7


@pytest.mark.parametrize(("command", "code"), [("kill -9 $$", 137), ("kill -TERM $$; exit 3", 3), ("exit 255", 255)])
def test_exit_codes(host: Host, command: str, code: int) -> None:
    # The first process of a pid namespace does not get TERM from inside, and KILL neither: so a child gets it.
    command = f"sh -c '{command}'; exit $?" if "kill -9" in command else command
    with host.start(host.request("sh", "-c", command)) as session:
        assert session.wait(PATIENCE) == code


def test_a_program_that_is_not_there(host: Host) -> None:
    request = host.request("/bin/nothing")
    with pytest.raises(LaunchError) as failure:
        host.start(request)
    assert (failure.value.errno, failure.value.stage) == (2, "exec")
    found = host.state(request)
    assert (found.status, found.exit_code, found.process) == ("created", 127, None)


def test_signals_are_a_code_of_128_and_more(host: Host) -> None:
    request = host.request("sleep", "1000")
    with host.start(request) as session:
        assert session.process is not None
        found = host.state(request)
        assert (found.status, found.monitored) == ("running", True)
        session.process.signal(9)
        assert session.wait(PATIENCE) == 137


def test_the_monitor_is_alone_and_sealed_off(host: Host) -> None:
    request = host.request("sleep", "1000", name="web")
    with host.start(request) as session:
        monitor = host.monitors[-1]
        assert Path(f"/proc/{monitor}/environ").read_bytes() == b""
        assert Path(f"/proc/{monitor}/comm").read_text() == "skiff:web\n"
        assert os.getsid(monitor) == monitor
        groups, place = Path(f"/proc/{monitor}/cgroup"), f"/{host.layout.label}/monitors"
        until(lambda: all(line.endswith(place) for line in groups.read_text().splitlines()))
        mode = os.stat(f"{request.run_folder}/monitor.sock").st_mode
        assert mode & 0o777 == 0o600
        assert session.process is not None
        for number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
            os.kill(monitor, number)
        with client.connect(request.run_folder) as other:
            other.paused(False)  # it answers
        session.process.signal(9)
        session.wait(PATIENCE)


def test_an_idle_monitor_is_small(host: Host) -> None:
    with host.start(host.request("sleep", "1000")) as session:
        session.paused(False)
        rollup = Path(f"/proc/{host.monitors[-1]}/smaps_rollup").read_text()
        private = int(next(line.split()[1] for line in rollup.splitlines() if line.startswith("Private_Dirty:")))
        assert private <= 3584, f"{private} KiB"
        assert session.process is not None
        session.process.signal(9)
        session.wait(PATIENCE)


def test_stdin_is_passed_on_and_ends(host: Host) -> None:
    request = host.request("cat", foreground=True, stdin=True, stdin_once=True)
    data = os.urandom(3_000_000)
    with host.start(request) as session:
        session.stdin(data)
        session.end_stdin()
        assert everything(session)[0] == data
        session.release()
    assert b"".join(piece for _stream, piece in host.log(request)) == data


def test_a_terminal(host: Host) -> None:
    request = host.request("sh", "-c", "read line; stty size; tty", terminal=True, foreground=True, stdin=True)
    with host.start(request) as session:
        session.resize(33, 77)
        session.stdin(b"go\n")
        assert everything(session)[0] == b"go\r\n33 77\r\n/dev/pts/0\r\n"
        assert session.exit_code == 0
        session.release()


def test_attach_later(host: Host) -> None:
    request = host.request("cat", stdin=True, stdin_once=True)
    with host.start(request) as starter, client.connect(request.run_folder) as session:
        session.attach()
        session.stdin(b"hello\n")
        until(lambda: talk(session) == [(1, b"hello\n")])
        session.end_stdin()
        assert everything(session) == (b"", b"")
        assert starter.wait(PATIENCE) == 0


def test_a_stopped_reader_stops_nobody(host: Host) -> None:
    request = host.request("sh", "-c", "yes 0123456789012345678901234567890123456789 | head -c 6000000")
    with host.start(request) as session, client.connect(request.run_folder) as stuck:
        stuck.attach()
        assert session.wait(PATIENCE) == 0
    assert sum(len(data) for _stream, data in host.log(request)) == 6_000_000


def test_restarts_on_failure(host: Host) -> None:
    request = host.request("sh", "-c", "echo once; exit 5", restart="on-failure", max_retries=2)
    with host.start(request) as session:
        assert session.wait(PATIENCE) == 5
    found = host.state(request)
    assert (found.status, found.restart_count) == ("exited", 2)
    assert host.log(request) == [("stdout", b"once\n")] * 3


def test_no_restart_ends_a_container_that_waits_for_its_next_run(host: Host) -> None:
    request = host.request("false", restart="always")
    with host.start(request) as session:
        until(lambda: host.state(request).restart_count >= 3)
        session.no_restart()
        assert session.wait(PATIENCE) == 1
    assert host.state(request).status == "exited"


@pytest.mark.cgroups
def test_an_out_of_memory_kill_is_told(host: Host) -> None:
    request = host.request("sh", "-c", "x=$(yes | head -c 200000000); echo $?")
    paths = Cgroup(detect(), host.layout.cgroup(Path(request.run_folder).name)).paths()
    request.memory_cgroup = paths.get("memory") or paths[UNIFIED]
    with host.start(request) as session:
        session.wait(60.0)
    assert host.state(request).oom_killed


def test_sigterm_ends_the_container_as_stop_does(host: Host) -> None:
    request = host.request("sh", "-c", "trap 'exit 9' TERM; echo up; sleep 1000 & wait", restart="always")
    with host.start(request) as session:
        until(lambda: host.log(request))
        os.kill(host.monitors[-1], signal.SIGTERM)
        assert session.wait(PATIENCE) == 9


def test_a_killed_monitor_is_told(host: Host) -> None:
    request = host.request("sleep", "1000")
    with host.start(request) as session:
        os.kill(host.monitors[-1], signal.SIGKILL)
        os.waitpid(host.monitors[-1], 0)
        found = host.state(request)
        assert (found.status, found.monitored) == ("running", False)
        with pytest.raises(ConnectionError):
            client.connect(request.run_folder)
        assert found.process is not None
        found.process.signal(9)
        until(lambda: host.state(request).status == "exited")
        assert host.state(request).exit_code == 255
        assert "monitor was killed" in host.state(request).error
        session.close()


def test_the_exit_program_runs_when_nobody_cleans_up(host: Host) -> None:
    # Any module of the library with a main() shows that it was run; this one leaves a trace in its own cgroup.
    request = host.request("true", exit_module="runtime_lib.monitor.boot", exit_arguments=("/proof-of-exit",))
    with host.start(request) as session:
        session.wait(PATIENCE)
    ended(host.monitors[-1])


def test_an_engine_that_cleans_up_keeps_the_monitor_until_it_is_done(host: Host) -> None:
    request = host.request("sleep", "1000", exit_module="runtime_lib.no_such_module")
    with host.start(request) as starter:
        starter.own_cleanup()
        assert starter.process
        starter.process.signal(signal.SIGKILL)
        assert starter.wait(PATIENCE) == 137
        with client.connect(request.run_folder) as other:
            assert other.wait(PATIENCE) == 137
        assert os.waitpid(host.monitors[-1], os.WNOHANG) == (0, 0)
        shutil.copytree(request.run_folder, f"{request.container_folder}/kept", ignore=shutil.ignore_patterns("*.sock"))
        starter.release()
    ended(host.monitors[-1])


def test_cancelling_leaves_nothing(host: Host) -> None:
    spawned = client.prespawn(host.library, f"/{host.layout.label}/monitors")
    pid = spawned._pid
    spawned.cancel()
    spawned.cancel()
    children = subprocess.run(["ps", "-eo", "ppid,args"], capture_output=True, text=True, check=True).stdout
    until(lambda: not any(line.split()[0] == str(pid) for line in children.splitlines()))


def test_no_descriptor_is_left_by_clients(host: Host) -> None:
    request = host.request("sleep", "1000")
    with host.start(request) as session:
        session.paused(False)
        before = os.listdir(f"/proc/{host.monitors[-1]}/fd")
        for _ in range(100):
            with client.connect(request.run_folder) as other:
                other.attach()
        until(lambda: os.listdir(f"/proc/{host.monitors[-1]}/fd") == before)
        assert session.process is not None
        session.process.signal(9)
        session.wait(PATIENCE)
