"""A process is known by pid and start time."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from runtime_lib.linux.process import Process


def test_this_process_lives() -> None:
    assert Process.of(os.getpid()).alive()


def test_the_age_of_a_process_is_no_longer_than_that_of_the_host() -> None:
    mine, first = Process.of(os.getpid()), Process.of(1)
    assert 0 <= mine.age() <= first.age() <= time.clock_gettime_ns(time.CLOCK_BOOTTIME)


def test_an_ended_process_is_gone() -> None:
    child = subprocess.Popen(["sleep", "100"])
    process = Process.of(child.pid)
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert not process.alive(), "a zombie does not count as alive"
    child.wait()
    assert not process.alive()
    with pytest.raises(ProcessLookupError):
        process.signal(0)
    with pytest.raises(ProcessLookupError):
        Process.of(child.pid)


def test_a_recycled_pid_is_another_process() -> None:
    mine = Process.of(os.getpid())
    stranger = Process(mine.pid, mine.start_time - 1)
    assert not stranger.alive()
    with pytest.raises(ProcessLookupError):
        stranger.signal(0)


def test_names_with_brackets_do_not_confuse(tmp_path: Path) -> None:
    program = tmp_path / "a) b (c"
    shutil.copy("/bin/sleep", program)
    child = subprocess.Popen([program, "100"])
    try:
        assert Process.of(child.pid).alive()
    finally:
        child.kill()
        child.wait()


def test_a_process_whose_group_lives_on_is_gone() -> None:
    leader = subprocess.Popen(["sh", "-c", "sleep 1000 & echo $!"], stdout=subprocess.PIPE, start_new_session=True)
    assert leader.stdout
    process = Process.of(leader.pid)
    member = Process.of(int(leader.stdout.readline()))
    leader.wait()
    leader.stdout.close()
    with pytest.raises(ProcessLookupError):
        process.signal(0)
    member.signal(9)
