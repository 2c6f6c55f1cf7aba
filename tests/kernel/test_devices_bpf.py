"""The device program in a version 2 group of the real kernel."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime_lib.linux import devices_bpf
from runtime_lib.linux.cgroups.hierarchy import UNIFIED, detect
from tests.support.child import errno_of, result_of

pytestmark = [pytest.mark.cgroups, pytest.mark.skipif(os.geteuid() != 0, reason="needs root")]

DENY_ALL = {"allow": False, "access": "rwm"}
NULL = {"allow": True, "type": "c", "major": 1, "minor": 3}


@pytest.fixture
def folder() -> Iterator[Path]:
    mounts = detect().mounts
    if UNIFIED not in mounts:
        pytest.skip("this machine: no cgroup version 2")
    folder = Path(mounts[UNIFIED]) / f"skiff-bpf-{os.getpid()}"
    folder.mkdir()
    yield folder
    folder.rmdir()


def opened(folder: Path) -> list[int]:
    """Return errno of reading null, writing null, reading zero, and making a node of zero."""

    def attempts() -> list[int]:
        (folder / "cgroup.procs").write_text("0")
        node = f"/dev/shm/skiff-node-{os.getpid()}"
        answers = [
            errno_of(lambda: os.close(os.open("/dev/null", os.O_RDONLY))),
            errno_of(lambda: os.close(os.open("/dev/null", os.O_WRONLY))),
            errno_of(lambda: os.close(os.open("/dev/zero", os.O_RDONLY))),
            errno_of(lambda: os.mknod(node, 0o20600, os.makedev(1, 5))),
        ]
        if os.path.lexists(node):
            os.unlink(node)
        return answers

    answers: list[int] = result_of(attempts)
    return answers


def test_denied_and_allowed(folder: Path) -> None:
    devices_bpf.attach(str(folder), devices_bpf.program([DENY_ALL, {**NULL, "access": "rwm"}]))
    assert opened(folder) == [0, 0, 1, 1]


def test_access_by_kind(folder: Path) -> None:
    rules = [DENY_ALL, {"allow": True, "type": "c", "access": "m"}, {**NULL, "access": "r"}]
    devices_bpf.attach(str(folder), devices_bpf.program(rules))
    assert opened(folder) == [0, 1, 1, 0]


def test_a_new_program_takes_the_place_of_the_old_one(folder: Path) -> None:
    devices_bpf.attach(str(folder), devices_bpf.program([DENY_ALL]))
    assert opened(folder) == [1, 1, 1, 1]
    devices_bpf.attach(str(folder), devices_bpf.program([{"allow": True, "access": "rwm"}]))
    assert opened(folder) == [0, 0, 0, 0]


def test_a_long_list_of_rules(folder: Path) -> None:
    rules = [{"allow": True, "type": "c", "major": 200, "minor": minor, "access": "rw"} for minor in range(500)]
    devices_bpf.attach(str(folder), devices_bpf.program([DENY_ALL, {**NULL, "access": "r"}, *rules]))
    assert opened(folder) == [0, 1, 1, 1]
