"""Containers of one version of the library go on under a newer one; a copy that is in use is not removed."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runtime_lib import library, schema
from runtime_lib.linux import netns
from runtime_lib.store import Store
from tests.support import leftovers, rootfs, versions, waiting
from tests.support.skiff import Skiff

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
PATIENCE = 60.0  # seconds
PORT = 18110
# Counts to standard output, answers on port 80, and ends when /end is there.
SERVE = "httpd -p 80 -h /etc; i=0; while [ ! -e /end ]; do echo $i; i=$((i+1)); sleep 0.1; done; exit 7"


@pytest.fixture
def old(tmp_path: Path) -> Iterator[Skiff]:
    """A host with today's library and the image `bb`; nothing may be left at the end."""
    archive = rootfs.tar(tmp_path / "rootfs", tmp_path / "bb.tar")
    with netns.fresh() as namespace:
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        host = versions.today(tmp_path / "root")
        host.run("import", str(archive), "bb")
        try:
            yield host
        finally:
            latest = max((tmp_path / "root" / "lib").iterdir(), key=lambda copy: "newer" in copy.name)
            Skiff(tmp_path / "root", latest).remove_everything()
            left = leftovers.of(host.root, host.layout.label)
            os.close(namespace)
    assert left == {}


def until(condition: Callable[[], object]) -> None:
    waiting.until(condition, PATIENCE)


def serve(host: Skiff, name: str, *options: str, port: int = PORT) -> None:
    host.run("run", "-d", "--name", name, "-p", f"127.0.0.1:{port}:80", *options, "bb", "sh", "-c", SERVE)


def answers(port: int = PORT) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except OSError:
        return False
    return True


def state(host: Skiff, name: str) -> dict[str, object]:
    """Return what tells one run from another."""
    found = json.loads(host.run("inspect", name).stdout)[0]["State"]
    return {key: found[key] for key in ("Status", "Pid", "StartedAt")}


def ports(host: Skiff) -> list[int]:
    return [row["host_port"] for row in Store.observer(host.layout).query("SELECT host_port FROM ports")]


def upgrade(host: Skiff, readable: int = schema.READABLE) -> Skiff:
    """Bring a newer library, with the first task that changes something."""
    fresh = versions.newer(Path(host.root), readable)
    fresh.run("volume", "create", "first-task")
    fresh.run("volume", "rm", "first-task")
    return fresh


def test_a_container_goes_on_under_a_newer_library(old: Skiff) -> None:
    serve(old, "web", "--restart", "always")
    until(answers)
    before = state(old, "web")
    new = upgrade(old)
    assert state(new, "web") == before
    assert answers()
    assert new.run("exec", "web", "echo", "inside").stdout == "inside\n"
    lines = new.run("logs", "web").stdout.split()
    assert lines == [str(number) for number in range(len(lines))]
    assert old.states() == new.states() == {"web": "running"}, "the older command works on, too"


def test_it_is_stopped_and_started_and_removed_by_the_newer_one(old: Skiff) -> None:
    serve(old, "web")
    new = upgrade(old)
    new.run("stop", "-t", "0", "web")
    assert new.states() == {"web": "exited"}
    assert ports(new) == []
    new.run("start", "web")
    until(answers)
    old.run("restart", "-t", "0", "web")
    until(answers)
    new.run("rm", "-f", "web")
    assert new.states() == {}
    assert ports(new) == []


def test_its_own_monitor_restarts_it_and_keeps_the_port(old: Skiff) -> None:
    serve(old, "web", "--restart", "always")
    until(answers)
    before = state(old, "web")
    new = upgrade(old)
    os.kill(int(str(before["Pid"])), 9)
    until(lambda: state(new, "web")["StartedAt"] != before["StartedAt"] and answers())
    assert ports(new) == [PORT]


def test_its_own_exit_program_gives_everything_back(old: Skiff) -> None:
    serve(old, "web")
    serve(old, "throwaway", "--rm", port=PORT + 1)
    new = upgrade(old)
    for name in ("web", "throwaway"):
        new.run("exec", name, "touch", "/end")
    until(lambda: new.states() == {"web": "exited"} and not ports(new))
    assert new.run("inspect", "-f", "{{.State.ExitCode}} {{.State.Error}}", "web").stdout.strip() == "7"
    until(lambda: not Path(new.layout.run, "containers").exists() or not os.listdir(f"{new.layout.run}/containers"))


def test_a_library_that_is_too_old_says_so_and_the_newer_one_gives_back(old: Skiff) -> None:
    serve(old, "web")
    new = upgrade(old, versions.NEXT)
    refused = old.run("ps", check=False)
    assert refused.returncode == 1
    assert f"this one knows schema {schema.VERSION}: use the newer release" in refused.stderr
    new.run("exec", "web", "touch", "/end")
    until(lambda: "nothing of this run was given back" in new.run("inspect", "-f", "{{.State.Error}}", "web").stdout)
    assert new.run("inspect", "-f", "{{.State.ExitCode}}", "web").stdout == "7\n"
    assert [row["host_port"] for row in rows(new)] == [PORT]
    new.run("stop", "web")
    assert rows(new) == []
    new.run("start", "web")


def rows(new: Skiff) -> list[dict[str, int]]:
    """Return the published ports by the newer library's eyes."""
    code = (
        "import json; from runtime_lib.store import Store; from runtime_lib.paths import Layout\n"
        "rows = Store.observer(Layout.from_environment()).query('SELECT host_port FROM ports')\n"
        "sys.stdout.write(json.dumps([dict(row) for row in rows])); raise SystemExit"
    )
    return list(json.loads(new.run(before=code).stdout))


def test_a_copy_in_use_is_not_removed(old: Skiff) -> None:
    serve(old, "web")
    new = upgrade(old)
    old.run("run", "-d", "--name", "short", "--network", "none", "bb", "sleep", "1000")
    for name in ("web", "short"):
        assert pruned(new) == []
        new.run("exec", name, "true")
        new.run("rm", "-f", name)
    with session(old, new):
        assert pruned(new) == [], "an exec runs from it"
    until(lambda: pruned(new) == ["3.0-today"])
    assert new.states() == {"cat": "running"}


def session(old: Skiff, new: Skiff) -> subprocess.Popen[bytes]:
    """Return an exec of the older command, which has answered, in a container of the newer one."""
    new.run("run", "-d", "--name", "cat", "--network", "none", "bb", "sleep", "1000")
    words = old.command("exec", "-i", "cat", "cat")
    pipe = subprocess.PIPE
    running = subprocess.Popen(words, env=old.environment, stdin=pipe, stdout=pipe, bufsize=0)
    assert running.stdin is not None
    assert running.stdout is not None
    running.stdin.write(b"x")
    assert running.stdout.read(1) == b"x"
    return running


def pruned(host: Skiff) -> list[str]:
    """Age the older copy, have unused ones removed, as the next installation does, and return their names."""
    mark = Path(host.root, "lib", "3.0-today", "runtime_lib", ".complete")
    os.utime(mark, (0, 0))
    # A store that is never written to: this process has the older library.
    return library.prune(Store.observer(host.layout))


def test_a_killed_removal_is_finished_by_the_next(old: Skiff) -> None:
    new = upgrade(old)
    copy = Path(old.root, "lib", "3.0-today")
    (copy / "runtime_lib" / ".complete").unlink()
    shutil.rmtree(copy / "runtime_lib" / "oci")
    assert library.prune(Store.observer(new.layout)) == ["3.0-today"]
    assert not copy.exists()
