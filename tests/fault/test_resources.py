"""Containers that want more than they may have: memory, processes, real-time budget. The host goes on."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.support.skiff import Skiff
from tests.support.waiting import until

STATE = "{{.State.Status}} {{.State.ExitCode}} {{.State.OOMKilled}}"
BOMB = "bomb() { while :; do sleep 1000 & bomb & done; }; bomb & exec sleep 1000"
PATIENCE = 120  # seconds


def test_a_container_out_of_memory_is_killed_and_says_so(skiff: Skiff) -> None:
    done = skiff.run("run", "--name", "greedy", "-m", "32m", "busybox", "tail", "/dev/zero", check=False)
    assert done.returncode == 137
    assert skiff.run("inspect", "-f", STATE, "greedy").stdout.strip() == "exited 137 true"


def test_a_child_out_of_memory_leaves_the_exit_code_to_its_parent(skiff: Skiff) -> None:
    script = "tail /dev/zero; echo child $?; exit 0"
    done = skiff.run("run", "--name", "greedy", "-m", "32m", "busybox", "sh", "-c", script)
    assert done.stdout == "child 137\n"
    assert skiff.run("inspect", "-f", STATE, "greedy").stdout.strip() == "exited 0 true"  # as Docker has it


def test_out_of_memory_counts_for_one_run(skiff: Skiff) -> None:
    skiff.run("run", "--name", "twice", "-v", "/v", "-m", "32m", "busybox", "sh", "-c",
              "test -e /v/again && exit 5; touch /v/again; tail /dev/zero", check=False)  # fmt: skip
    assert skiff.run("inspect", "-f", STATE, "twice").stdout.strip() == "exited 137 true"
    assert skiff.run("start", "-a", "twice", check=False).returncode == 5
    assert skiff.run("inspect", "-f", STATE, "twice").stdout.strip() == "exited 5 false"


@pytest.mark.parametrize("options", [("--pids-limit", "100"), ()], ids=["by option", "by default"])
def test_a_fork_bomb_stays_in_its_container(skiff: Skiff, options: tuple[str, ...]) -> None:
    skiff.run("run", "-d", "--name", "bomb", *options, "busybox", "sh", "-c", BOMB)
    skiff.run("run", "-d", "--name", "peer", "busybox", "sleep", "1000")
    _until_processes(skiff, 50)
    assert subprocess.run(["true"], timeout=PATIENCE).returncode == 0  # the host forks
    assert skiff.run("exec", "peer", "echo", "alive", timeout=PATIENCE).stdout == "alive\n"
    skiff.run("stop", "-t", "1", "bomb", timeout=PATIENCE)
    assert skiff.states() == {"bomb": "exited", "peer": "running"}


def _until_processes(skiff: Skiff, number: int) -> None:
    until(lambda: skiff.run("top", "bomb").stdout.count("\n") >= number, PATIENCE, "the bomb explodes")


def test_a_memory_limit_follows_or_frees_the_limit_of_swap(skiff: Skiff) -> None:
    skiff.run("run", "-d", "--name", "web", "-m", "64m", "--memory-swap", "64m", "busybox", "sleep", "1000")
    shown = "{{.HostConfig.Memory}} {{.HostConfig.MemorySwap}}"
    for memory, swap in ((32, 64), (128, 256), (16, 256)):
        assert skiff.run("update", "-m", f"{memory}m", "web").stdout == "web\n"
        assert skiff.run("inspect", "-f", shown, "web").stdout == f"{memory << 20} {swap << 20}\n"
    refused = skiff.run("update", "-m", "16m", "--memory-swap", "8m", "web", check=False)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "cannot be below memory" in refused.stderr


def test_several_are_updated_and_the_unknown_is_told(skiff: Skiff) -> None:
    for name in ("a", "b"):
        skiff.run("create", "--name", name, "busybox", "true")
    options = ("--restart", "on-failure:4", "--cpus", "0.5")
    done = skiff.run("container", "update", *options, "a", "nobody", "b", check=False)
    assert (done.returncode, done.stdout) == (1, "a\nb\n")
    assert "nobody" in done.stderr
    shown = "{{.HostConfig.NanoCpus}} {{json .HostConfig.RestartPolicy}}"
    policy = '{"Name":"on-failure","MaximumRetryCount":4}'
    assert skiff.run("inspect", "-f", shown, "a", "b").stdout == f"500000000 {policy}\n" * 2


def test_a_real_time_budget_is_given_or_refused_in_words(skiff: Skiff) -> None:
    """Version 2 has none, nor do most kernels of distributions in version 1."""
    read = ("sh", "-c", "cat /sys/fs/cgroup/cpu/cpu.rt_runtime_us")
    done = skiff.run("run", "--rm", "--cpu-rt-runtime", "10000", "busybox", *read, check=False)
    assert done.stdout == "10000\n" or "real-time" in done.stderr


def test_weights_and_rates_of_what_is_no_block_device_are_refused(skiff: Skiff) -> None:
    for option in ("--blkio-weight-device", "--device-read-bps", "--device-write-iops"):
        done = skiff.run("run", "--rm", option, "/dev/null:100", "busybox", "true", check=False)
        assert done.returncode == 125
        assert "not a block device" in done.stderr


def test_an_rlimit_that_is_out_of_reach_is_capped_and_told(skiff: Skiff) -> None:
    most = int(Path("/proc/sys/fs/nr_open").read_text())
    script = "ulimit -Hn"
    done = skiff.run("run", "--rm", "--ulimit", f"nofile=100:{most + 1}", "busybox", "sh", "-c", script)
    assert int(done.stdout) <= most
    told = f"{most + 1} is more than this host lets us give; the container gets {done.stdout.strip()}"
    assert done.stderr == f"WARNING: ulimit nofile: {told}\n"
