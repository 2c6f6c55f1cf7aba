"""Containers of the older version, looked at and ended with the newer one. The tests build on each other."""

from __future__ import annotations

import json
import time
from typing import Any

from testinfra.host import Host

SKIFF = "/var/lib/skiff/bin/skiff"
PATIENCE = 300.0  # seconds, on an emulated processor
OLDER = ("web", "batch", "stopped")


def skiff(host: Host, *words: str) -> str:
    quoted = " ".join(f"'{word}'" for word in words)
    return str(host.check_output(f"{SKIFF} {quoted}"))


def inspect(host: Host, *names: str) -> list[dict[str, Any]]:
    return list(json.loads(skiff(host, "inspect", *names)))


def answers(host: Host, port: int) -> bool:
    return bool(host.run(f"curl -s -m 20 -o /dev/null http://127.0.0.1:{port}/passwd").rc == 0)


def until(condition: Any) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.5)


def test_two_versions_are_installed_and_the_database_is_the_newer_ones(host: Host) -> None:
    assert len(host.file("/var/lib/skiff/lib").listdir()) == 2
    code = "import sqlite3; print(*sqlite3.connect('/var/lib/skiff/skiff.db').execute('SELECT version FROM upgrades'))"
    assert len(host.check_output(f'python3 -c "{code}"').split("(")) == 3


def test_the_containers_are_the_same_processes(host: Host) -> None:
    before = json.loads(host.file("/root/before.json").content_string)
    after = inspect(host, *OLDER)
    for key in ("Status", "Pid", "StartedAt"):
        assert [one["State"][key] for one in after] == [one["State"][key] for one in before]
    assert [one["State"]["Status"] for one in after] == ["running"] * 3
    assert [answers(host, port) for port in (8080, 8081, 8082, 8083)] == [True] * 4


def test_logs_are_whole_and_exec_works(host: Host) -> None:
    lines = skiff(host, "logs", "web").split()
    assert lines == [str(number) for number in range(len(lines))]
    assert skiff(host, "exec", "web", "cat", "/data/starts") == "start"


def test_the_older_monitor_restarts_its_container_and_the_port_stays(host: Host) -> None:
    (before,) = inspect(host, "web")
    host.check_output(f"kill -9 {before['State']['Pid']}")
    until(lambda: inspect(host, "web")[0]["State"]["Pid"] not in (0, before["State"]["Pid"]) and answers(host, 8080))
    assert inspect(host, "web")[0]["RestartCount"] == 1
    assert skiff(host, "exec", "web", "cat", "/data/starts") == "start\nstart"


def test_the_older_exit_program_gives_back_what_its_container_had(host: Host) -> None:
    # The container ends as soon as it sees the file, and may take the program that made it along.
    assert host.run(f"{SKIFF} exec batch touch /end").rc in (0, 137)
    until(lambda: "8081" not in rules(host))
    (state,) = (one["State"] for one in inspect(host, "batch"))
    assert (state["Status"], state["ExitCode"], state["Error"]) == ("exited", 7, "")
    assert "8080" in rules(host)


def rules(host: Host) -> str:
    return str(host.check_output("nft list table inet skiff"))


def test_the_newer_version_stops_starts_and_removes(host: Host) -> None:
    skiff(host, "stop", "-t", "1", "stopped")
    assert "8082" not in rules(host)
    skiff(host, "start", "stopped")
    until(lambda: answers(host, 8082))
    skiff(host, "restart", "-t", "1", "web")
    until(lambda: answers(host, 8080))
    assert skiff(host, "exec", "web", "cat", "/data/starts").count("start") == 3, "the volume is whole"
    skiff(host, "rm", "-f", "-v", "batch", "stopped")
    assert skiff(host, "ps", "-a", "--format", "{{.Names}}").split() == ["fresh", "web"]
