from __future__ import annotations

import os
from pathlib import Path

import pytest

from runtime_lib.jsontext import compact
from runtime_lib.linux.process import Process
from runtime_lib.monitor import state
from runtime_lib.monitor.status import Status, boot_id, failure, replace

RUNNING = {"status": "running", "boot_id": boot_id(), "started": 5, "restart_count": 2}


def me() -> dict[str, int]:
    own = Process.of(os.getpid())
    return {"pid": own.pid, "start_time": own.start_time}


def read(folder: Path, values: dict[str, object] | None, last: dict[str, object] | None = None) -> state.State:
    for name, content in (("state.json", values), ("last.json", last)):
        if content is not None:
            replace(str(folder / name), compact(content), sync=False)
    return state.read(str(folder), str(folder))


def test_without_any_file_it_was_never_started(tmp_path: Path) -> None:
    found = read(tmp_path, None)
    assert (found.status, found.process, found.started) == ("created", None, 0)


def test_a_running_one(tmp_path: Path) -> None:
    own = me()
    found = read(tmp_path, {**RUNNING, **own, "monitor_pid": own["pid"], "monitor_start_time": own["start_time"]})
    assert (found.status, found.monitored, found.started, found.restart_count) == ("running", True, 5, 2)
    assert found.process is not None
    assert found.process.pid == os.getpid()


def test_one_whose_monitor_was_killed_still_runs(tmp_path: Path) -> None:
    found = read(tmp_path, {**RUNNING, **me(), "monitor_pid": 1, "monitor_start_time": 1})
    assert (found.status, found.monitored) == ("running", False)


@pytest.mark.parametrize("status", ["running", "paused", "restarting"])
def test_one_that_ended_after_its_monitor_has_an_unknown_code(tmp_path: Path, status: str) -> None:
    stale = {"pid": os.getpid(), "start_time": 1, "monitor_pid": os.getpid(), "monitor_start_time": 1}
    found = read(tmp_path, {**RUNNING, **stale, "status": status})
    assert (found.status, found.exit_code, found.process) == ("exited", 255, None)
    assert found.finished == found.started == 5
    assert "monitor was killed" in found.error


def test_a_pid_of_an_earlier_boot_is_nobody(tmp_path: Path) -> None:
    found = read(tmp_path, {**RUNNING, **me(), "boot_id": "another"})
    assert (found.status, found.exit_code, found.error) == ("exited", 255, "the host was restarted")


def test_the_last_words_of_a_run(tmp_path: Path) -> None:
    found = read(tmp_path, None, {"status": "exited", "exit_code": 3, "oom_killed": True})
    assert (found.status, found.exit_code, found.oom_killed, found.error) == ("exited", 3, True, "")
    found = read(tmp_path, None, {"status": "running", "pid": os.getpid()})
    assert (found.status, found.exit_code, found.error) == ("exited", 255, "the host was restarted")


@pytest.mark.parametrize("text", ["", "{", "[]", "\0\0"])
def test_a_torn_file_counts_as_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "state.json").write_text(text)
    assert state.read(str(tmp_path), str(tmp_path)).status == "created"


def test_status_and_state_agree(tmp_path: Path) -> None:
    status = Status()
    status.status, status.paused, status.pid, status.start_time = "running", True, *me().values()
    replace(str(tmp_path / "state.json"), status.text(), sync=True)
    found = state.read(str(tmp_path), str(tmp_path))
    assert (found.status, found.monitored) == ("paused", True)


@pytest.mark.parametrize(
    ("report", "code", "text"),
    [
        (b"2\0exec\0/bin/x\0No such file or directory", 127, "No such file or directory: /bin/x"),
        (b"13\0exec\0/etc\0Permission denied", 126, "Permission denied: /etc"),
        (b"20\0cwd\0/etc/passwd\0Not a directory", 126, "Not a directory: /etc/passwd"),
        (b"22\0mount\0\0Invalid argument", 128, "Invalid argument"),
    ],
)
def test_exit_codes_of_failed_starts_are_dockers(report: bytes, code: int, text: str) -> None:
    assert failure(report) == (code, text)
