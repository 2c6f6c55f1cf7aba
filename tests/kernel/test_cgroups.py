"""Control groups on the hierarchies that this machine has."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime_lib.errors import Busy
from runtime_lib.linux.cgroups import limits
from runtime_lib.linux.cgroups.group import Cgroup
from runtime_lib.linux.cgroups.hierarchy import UNIFIED, Hierarchy, detect
from tests.support.child import errno_of, result_of

pytestmark = [pytest.mark.cgroups, pytest.mark.skipif(os.geteuid() != 0, reason="needs root")]
MIB = 1 << 20


@pytest.fixture(scope="module", params=["as it is", "version 1 alone", "version 2 alone"])
def hierarchy(request: pytest.FixtureRequest) -> Hierarchy:
    """This machine's; a hybrid one can play the others as well."""
    all_of_it = detect()
    if request.param == "as it is":
        return all_of_it
    if all_of_it.mode != "hybrid":
        pytest.skip("this machine: it has one version alone")
    old = request.param == "version 1 alone"
    mounts = {key: mount for key, mount in all_of_it.mounts.items() if (key != UNIFIED) is old}
    return Hierarchy(mounts, all_of_it.own, (), all_of_it.features)


@pytest.fixture
def group(hierarchy: Hierarchy) -> Iterator[Cgroup]:
    group = Cgroup(hierarchy, f"/skiff-test-{os.getpid()}/one")
    group.create()
    yield group
    group.kill()
    group.remove()


@pytest.fixture
def sleeper(group: Cgroup) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(["sleep", "1000"])
    group.add(process.pid)
    yield process
    process.kill()
    process.wait()


def text(group: Cgroup, controller: str, file: str) -> str:
    return (Path(group.paths()[controller]) / file).read_text().strip()


def needs(hierarchy: Hierarchy, controller: str, version: int) -> None:
    if hierarchy.version(controller) != version:
        pytest.skip(f"this machine: no {controller} controller of version {version}")


def test_a_process_is_in_every_hierarchy(group: Cgroup, sleeper: subprocess.Popen[bytes]) -> None:
    own = Path(f"/proc/{sleeper.pid}/cgroup").read_text().splitlines()
    assert len([line for line in own if line.endswith("/one")]) == len(set(group.paths().values()))
    assert group.pids() == [sleeper.pid]


def test_a_process_moves_itself(group: Cgroup) -> None:
    def moved() -> bool:
        group.enter()
        return group.pids() == [os.getpid()]

    assert result_of(moved)
    assert group.pids() == []


def test_a_child_is_born_in_the_group(group: Cgroup) -> None:
    read, write = os.pipe()
    pid = group.fork()
    if pid == 0:
        group.enter()
        os.write(write, Path("/proc/self/cgroup").read_bytes())
        os._exit(7)
    os.close(write)
    with open(read) as file:
        lines = file.read().splitlines()
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
    assert len([line for line in lines if line.endswith("/one")]) == len(set(group.paths().values()))


def test_processes_of_groups_below_count(group: Cgroup, sleeper: subprocess.Popen[bytes]) -> None:
    for folder in set(group.paths().values()):
        (Path(folder) / "inner").mkdir()
    if "cpuset" in group.paths():
        for name in ("cpuset.cpus", "cpuset.mems"):
            (Path(group.paths()["cpuset"]) / "inner" / name).write_text(text(group, "cpuset", name))
    for folder in set(group.paths().values()):
        (Path(folder) / "inner" / "cgroup.procs").write_text(str(sleeper.pid))
    assert group.pids() == [sleeper.pid]
    group.kill()
    assert sleeper.wait(60) == -signal.SIGKILL


def test_creating_twice_is_no_error(group: Cgroup, hierarchy: Hierarchy) -> None:
    Cgroup(hierarchy, f"/skiff-test-{os.getpid()}/one").create()


def test_recorded_paths_name_the_same_group(
    group: Cgroup, hierarchy: Hierarchy, sleeper: subprocess.Popen[bytes]
) -> None:
    assert Cgroup(hierarchy, "/somewhere/else", group.paths()).pids() == [sleeper.pid]


def test_nothing_is_left(hierarchy: Hierarchy) -> None:
    group = Cgroup(hierarchy, f"/skiff-test-{os.getpid()}-gone/one")
    group.create()
    group.remove()
    group.remove()
    assert not [folder for folder in group.paths().values() if os.path.exists(os.path.dirname(folder))]


def test_an_empty_group_is_removed_and_occupied_again(hierarchy: Hierarchy) -> None:
    path = f"/skiff-test-{os.getpid()}-many/all"

    def occupy() -> bool:
        group = Cgroup(hierarchy, path)
        group.occupy()
        group.remove_if_empty()
        return group.pids() == [os.getpid()]

    assert result_of(occupy)
    group = Cgroup(hierarchy, path)
    group.remove_if_empty()
    group.remove_if_empty()
    assert not [folder for folder in group.paths().values() if os.path.exists(os.path.dirname(folder))]


def test_a_group_with_processes_is_not_removed(group: Cgroup, sleeper: subprocess.Popen[bytes]) -> None:
    with pytest.raises(Busy, match=str(sleeper.pid)):
        group.remove(patience=0.01)
    assert sleeper.poll() is None


def test_frozen_processes_stand_still_and_can_be_killed(group: Cgroup) -> None:
    counter = subprocess.Popen(["sh", "-c", "while :; do echo x; done"], stdout=subprocess.PIPE)
    assert counter.stdout
    os.set_blocking(counter.stdout.fileno(), False)
    group.add(counter.pid)
    group.freeze()
    while counter.stdout.read(1 << 20):
        pass
    assert not counter.stdout.read(1)
    group.thaw()
    os.set_blocking(counter.stdout.fileno(), True)
    assert counter.stdout.read(1) == b"x"
    group.freeze()
    group.kill()
    assert counter.wait(60) == -signal.SIGKILL
    counter.stdout.close()


def test_a_fork_bomb_is_killed(group: Cgroup, hierarchy: Hierarchy) -> None:
    if not hierarchy.version("pids"):
        pytest.skip("this machine: no limit of processes")
    group.apply({"pids": {"limit": 30}})
    bomb = os.fork()
    if bomb == 0:
        group.enter()
        while True:
            with contextlib.suppress(BlockingIOError):
                os.fork()
    deadline = time.monotonic() + 60
    while len(group.pids()) < 20 and time.monotonic() < deadline:
        time.sleep(0.001)
    group.kill()
    assert os.waitpid(bomb, 0)[1] == signal.SIGKILL
    group.remove()


def test_a_signal_reaches_all(group: Cgroup, sleeper: subprocess.Popen[bytes]) -> None:
    group.kill(signal.SIGTERM)
    assert sleeper.wait(60) == -signal.SIGTERM


def test_memory_limits_go_up_and_down(group: Cgroup, hierarchy: Hierarchy) -> None:
    needs(hierarchy, "memory", 1)
    if limits.unsupported({"memory": {"limit": MIB, "swap": MIB}}, hierarchy):
        pytest.skip("this machine: swap is not counted")
    for limit in (64, 512, 32, 256):
        group.apply({"memory": {"limit": limit * MIB, "swap": 2 * limit * MIB}})
        assert text(group, "memory", "memory.limit_in_bytes") == str(limit * MIB)
        assert text(group, "memory", "memory.memsw.limit_in_bytes") == str(2 * limit * MIB)
    group.apply({"memory": {"limit": -1, "swap": -1}})
    assert group.usage()["memory_limit"] == 0


def test_limits_are_in_force(group: Cgroup, hierarchy: Hierarchy) -> None:
    wanted = {"cpu": {"shares": 512, "quota": 50000, "period": 100000, "cpus": "0"}, "pids": {"limit": 7}}
    if limits.unsupported(wanted, hierarchy):
        pytest.skip("this machine: not every controller is there")
    group.apply(wanted)
    if hierarchy.version("cpu") == 1:
        assert text(group, "cpu", "cpu.shares") == "512"
        assert text(group, "cpu", "cpu.cfs_quota_us") == "50000"
    else:
        assert text(group, UNIFIED, "cpu.max") == "50000 100000"
    assert group.usage()["pids_limit"] == 7

    def allowed() -> list[int]:
        group.enter()
        return sorted(os.sched_getaffinity(0))

    assert result_of(allowed) == [0]


def test_the_kernel_kills_for_memory_and_counts(group: Cgroup, hierarchy: Hierarchy) -> None:
    if not hierarchy.version("memory"):
        pytest.skip("this machine: no memory controller")
    group.apply({"memory": {"limit": 16 * MIB, "swap": 16 * MIB}})
    assert group.oom_kills() == 0
    eater = subprocess.Popen(["sh", "-c", "read go; tail /dev/zero"], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
    group.add(eater.pid)
    eater.communicate(b"\n")
    assert group.oom_kills() >= 1


def test_devices_of_version_1(group: Cgroup, hierarchy: Hierarchy) -> None:
    needs(hierarchy, "devices", 1)
    null = {"type": "c", "major": 1, "minor": 3, "access": "rwm"}
    group.apply({"devices": [{"allow": False, "access": "rwm"}, {"allow": True, **null}]})
    assert text(group, "devices", "devices.list") == "c 1:3 rwm"

    def opened() -> list[int]:
        group.enter()
        return [errno_of(lambda path=path: open(path).close()) for path in ("/dev/null", "/dev/zero")]  # type: ignore[misc]

    assert result_of(opened) == [0, 1]


def test_usage(group: Cgroup, sleeper: subprocess.Popen[bytes]) -> None:
    assert group.oom_kills() == 0
    usage = group.usage()
    assert usage["cpu"] >= 0
    assert usage.get("pids", 1) == 1
    assert usage.get("memory", 0) >= 0
