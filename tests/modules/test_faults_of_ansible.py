"""What happens to tasks from outside: time limits, broken SSH connections, a strict umask, two plays at once."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.modules.host import Host, Results, task
from tests.support import leftovers, waiting
from tests.support.sshd import Sshd

LIMIT = 300  # seconds until something must have happened, also on a busy machine
ALONE = {"network_mode": "none"}


@pytest.fixture(scope="module")
def sshd(host: Host, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    with Sshd(tmp_path_factory.mktemp("sshd"), host.inside()) as server:
        yield server


def over_ssh(host: Host, sshd: Sshd) -> dict[str, Any]:
    """Return the variables by which the host itself is reached over SSH."""
    plain = {name.replace("skiff_host_", ""): value for name, value in sshd.variables.items()}
    return {
        "ansible_connection": "ssh",
        "ansible_host": "127.0.0.1",
        "ansible_port": sshd.port,
        "ansible_user": "root",
        "ansible_ssh_private_key_file": plain["ansible_private_key_file"],
        "ansible_ssh_common_args": plain["ansible_ssh_args"],
        "ansible_remote_tmp": str(host.folder / "remote"),
    }


def own_tmp(host: Host, folder: Path) -> dict[str, str]:
    """Return the environment of a play whose modules are killed: they cannot remove what they have unpacked."""
    return {"SKIFF_ROOT": host.root, "TMPDIR": str(folder)}


def until(condition: Callable[[], object], what: str) -> None:
    waiting.until(condition, LIMIT, what)


def processes(word: str) -> list[int]:
    """Return the processes that have this word in their arguments."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and word.encode() in (entry / "cmdline").read_bytes():
                found.append(int(entry.name))
        except OSError:  # it has ended meanwhile
            continue
    return found


def build(folder: Path, name: str, run: str, **keys: Any) -> dict[str, Any]:
    folder.mkdir(exist_ok=True)
    (folder / "Dockerfile").write_text(f"FROM bb\nRUN {run}\n")
    return task("dockerfile_build", name=name, path=str(folder), network="none", **keys)


def nothing_of_a_build_is_left(host: Host) -> bool:
    return not os.listdir(f"{host.root}/tmp") and not leftovers.processes(host.root)


def test_an_async_task_that_takes_too_long(host: Host, tmp_path: Path) -> None:
    word = f"endless-{os.getpid()}"
    endless = build(tmp_path / "a", "late", f": {word}; while :; do sleep 0.1; done", ignore_errors_=True)
    with ThreadPoolExecutor() as pool:
        tasks = [{**endless, "async": 20, "poll": 1}]
        playing = pool.submit(host.play, tasks, environment=own_tmp(host, tmp_path))
        until(lambda: processes(word) or playing.done(), "start of the build")
        (killed,) = playing.result()
    assert killed["_ending"] == "failed"
    again = build(tmp_path / "a", "late", "echo done >/done")
    built, same = host.play([again, again])
    assert (built["_ending"], built["changed"], same["changed"]) == ("ok", True, False)
    until(lambda: not processes(word), "end of what the killed build ran, which the next build sweeps away")
    until(lambda: nothing_of_a_build_is_left(host), "tidy host")


def test_an_ssh_connection_that_breaks_in_a_task(host: Host, sshd: Sshd, tmp_path: Path) -> None:
    word = f"broken-{os.getpid()}"
    slow = f": {word}; i=0; while [ $i -lt 50 ]; do i=$((i+1)); sleep 0.1; done"
    web = {"name": "web", "image": "bb", "command": ["sh", "-c", "while :; do date; sleep 0.1; done"], **ALONE}
    way = over_ssh(host, sshd)
    tasks = [task("container", **web), build(tmp_path / "b", "slow", slow, ignore_unreachable_=True)]
    with ThreadPoolExecutor() as pool:
        playing = pool.submit(host.play, tasks, vars=way, environment=own_tmp(host, tmp_path))
        until(lambda: processes(word) or playing.done(), "start of the build")
        assert sshd.break_sessions() > 0
        started, broken = playing.result()
    assert (started["_ending"], broken["_ending"]) == ("ok", "unreachable")
    until(lambda: not processes(word), "end of the build")
    again, same, kept = host.play([tasks[1], tasks[1], task("container", **web)], vars=way)
    assert [again["_ending"], same["_ending"]] == ["ok", "ok"]
    assert same["changed"] is False
    assert kept["changed"] is False, "the container went on"
    log = Path(host.layout.container(kept["container"]["Id"]), "container.log")
    size = log.stat().st_size
    until(lambda: log.stat().st_size > size, "further output in the log")
    for monitor in processes(f"{host.root}/lib"):
        assert os.getsid(monitor) not in sshd.pids(), "a monitor has a session of its own"
        assert "ssh" not in Path(f"/proc/{monitor}/cgroup").read_text()
    host.play([task("container", name="web", state="absent", force_kill=True)])
    until(lambda: nothing_of_a_build_is_left(host), "tidy host")


def test_the_folder_of_async_jobs_is_removed(host: Host, tmp_path: Path) -> None:
    jobs = tmp_path / "jobs"
    web = task("container", name="web", image="bb", **ALONE)
    tasks = [
        {**web, "async": LIMIT, "poll": 0, "register": "job"},
        {"file": {"path": str(jobs), "state": "absent"}},
        {"async_status": {"jid": "{{ job.ansible_job_id }}"}, "ignore_errors": True},
    ]
    started, _removed, lost = host.play(tasks, vars={"ansible_async_dir": str(jobs)})
    assert started["_ending"] == "ok"
    assert lost["_ending"] == "failed"
    until(lambda: host.play([web])[0]["changed"] is False, "container")
    host.play([task("container", name="web", state="absent", force_kill=True)])
    shutil.rmtree(jobs, ignore_errors=True)


def test_a_umask_of_077(bare: Host, archive: Path, tmp_path: Path) -> None:
    bare.prefix = ["sh", "-c", 'umask 077; exec "$@"', "sh"]
    (tmp_path / "file").write_text("copied\n")
    (tmp_path / "file").chmod(0o644)
    lines = ["FROM bb", "COPY file /made/file", "RUN umask >/umask; mkdir /ran", "USER u1", ""]
    (tmp_path / "Dockerfile").write_text("\n".join(lines))
    files = "/umask /made/file /etc/hosts /etc/resolv.conf /etc/hostname"
    seen = f"umask; cat {files} >/dev/null && cat /umask && id -un && stat -c %a / /made /ran /data /bind /bind/new"
    volumes = ["vol:/data", f"{bare.folder}/deep/down:/bind/new"]
    results = bare.play(
        [
            task("image", name="bb", source="import", load_path=str(archive)),
            task("dockerfile_build", name="site", path=str(tmp_path), network="none"),
            task("volume", name="vol"),
            task("container", name="one", image="site", detach=False, command=["sh", "-c", seen], volumes=volumes),
            task("container", name="one", state="absent"),
        ]
    )
    assert [result["_ending"] for result in results] == ["ok"] * 5, results[-1]
    assert results[3]["container"]["Output"].split() == ["0022", "0022", "u1", *["755"] * 6]
    assert (bare.folder / "deep").stat().st_mode & 0o777 == 0o755


def test_two_plays_at_once(bare: Host, archive: Path) -> None:
    network, volume = task("network", name="n"), task("volume", name="vol")
    web = {"name": "web", "image": "bb", "command": ["sleep", "infinity"], "networks": [{"name": "n"}]}
    tasks = [
        task("image", name="bb", source="import", load_path=str(archive)),
        network,
        volume,
        task("container", volumes=["vol:/data"], stop_signal="KILL", **web),
        task("container_exec", container="web", command="true"),
    ]
    gone = [task("container", name="web", state="absent"), task("network", name="n", state="absent")]
    for book in (tasks, gone, tasks):
        for results in at_once(bare, book):
            assert [result["_ending"] for result in results] == ["ok"] * len(book), results[-1]
    (containers, same) = bare.play([task("container_info", name="web"), tasks[3]])
    assert containers["container"]["State"]["Running"] is True
    assert same["changed"] is False


def at_once(host: Host, tasks: list[dict[str, Any]], number: int = 3) -> list[Results]:
    with ThreadPoolExecutor(number) as pool:
        return [future.result() for future in [pool.submit(host.play, tasks) for _each in range(number)]]
