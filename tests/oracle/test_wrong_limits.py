"""Limits that make no sense or that the host has not got: both engines refuse them, before anything runs."""

from __future__ import annotations

import uuid

import pytest

from .conftest import IMAGE, Engine

RUN = [
    ("--cpuset-cpus", "4095"),
    ("--cpuset-mems", "1000"),
    ("--cpuset-cpus", "a"),
    ("--cpus", "-1"),
    ("--cpus", "1", "--cpu-period", "5000"),
    ("--cpu-quota", "5"),
    ("--cpu-period", "5"),
    ("--cpu-rt-runtime", "999999", "--cpu-rt-period", "5000"),
    ("-m", "1m"),
    ("-m", "64m", "--memory-swap", "32m"),
    ("--memory-swap", "32m"),
    ("-m", "64m", "--memory-reservation", "65m"),
    ("--memory-swappiness", "101"),
    ("--blkio-weight-device", "/dev/null:5"),
    ("--blkio-weight-device", "/dev/vda:1001"),
    ("--device-read-bps", "/etc/passwd:1mb"),
    ("--device-write-iops", "/dev/vda"),
    ("--device-write-bps", "/dev/vda:fast"),
    ("--ulimit", "files=5"),
    ("--ulimit", "nofile=5:4"),
    ("--ulimit", "nofile=five"),
    ("--oom-score-adj", "1001"),
    ("--sysctl", "kernel.panic=1"),
    ("--sysctl", "vm.swappiness=1"),
    ("--restart", "on-failure:-1"),
    ("--restart", "always:3"),
    ("--restart", "often"),
    ("--restart", "always"),  # with --rm
]
UPDATE = [
    ("--cpuset-cpus", "0-4095"),
    ("--cpuset-mems", "1000"),
    ("-m", "1m"),
    ("-m", "64m", "--memory-swap", "32m"),
    ("--cpu-period", "5"),
]


@pytest.mark.parametrize("options", RUN, ids=" ".join)
def test_run(options: tuple[str, ...], docker: Engine, skiff: Engine) -> None:
    for engine in (docker, skiff):
        done = engine.run(options, "true")
        assert done.returncode in (125, 126, 127, 128), (engine.name, done)  # Docker leaves some to its runtime
        assert done.stderr


@pytest.mark.parametrize("engine_name", ["docker", "skiff"])
def test_update(engine_name: str, request: pytest.FixtureRequest) -> None:
    engine: Engine = request.getfixturevalue(engine_name)
    name = f"oracle-{uuid.uuid4().hex[:8]}"
    assert engine.call("run", "-d", "--name", name, "-m", "64m", IMAGE, "sleep", "1000").returncode == 0
    try:
        for options in UPDATE:
            done = engine.call("update", *options, name)
            assert (options, done.returncode, done.stdout) == (options, 1, "")
            assert done.stderr
    finally:
        engine.call("rm", "-f", name)


@pytest.mark.parametrize(
    "options",
    [
        ("--nosuch",),
        ("-m", "much"),
        ("--cap-add", "nosuch"),
        ("--network", "no-such-network", "--name", "bad name"),
        ("--restart", "often"),
        ("--security-opt", "nosuch=1"),
        ("--pull", "never", "no-such-image:1"),
    ],
    ids=" ".join,
)
def test_the_exit_code_of_create(options: tuple[str, ...], docker: Engine, skiff: Engine) -> None:
    """Wrong options are told from what the engine refuses."""
    theirs, ours = (engine.call("create", *options, IMAGE, "true") for engine in (docker, skiff))
    assert ours.returncode == theirs.returncode in (1, 125), (theirs.stderr, ours.stderr)
