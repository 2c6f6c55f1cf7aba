"""Capability sets, session keyrings and resource limits of a real process."""

from __future__ import annotations

import ctypes
import os
import resource
from pathlib import Path

import pytest

from runtime_lib.linux import capabilities, keyring, libc, rlimits
from tests.support.child import errno_of, result_of

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")

SOME = ["CAP_CHOWN", "CAP_NET_BIND_SERVICE", "CAP_KILL"]


def sets() -> list[str]:
    """Return inheritable, permitted, effective, bounding and ambient, as the kernel shows them."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return [line.split()[1].lstrip("0") or "0" for line in lines if line.startswith("Cap")]


def test_all_five_sets() -> None:
    bits = f"{capabilities.mask(SOME):x}"
    one = f"{capabilities.mask(SOME[:1]):x}"

    def change() -> list[str]:
        capabilities.apply(SOME, SOME, SOME, SOME[:1], SOME[:1])
        return sets()

    assert result_of(change) == [one, bits, bits, bits, one]


def test_none_at_all() -> None:
    def change() -> list[str]:
        capabilities.apply([], [], [], [], [])
        return sets()

    assert result_of(change) == ["0"] * 5


def test_a_dropped_capability_is_missed() -> None:
    def attempt() -> list[int]:
        keep = [name for name in capabilities.names(capabilities.own_bounding()) if name != "CAP_SYS_CHROOT"]
        capabilities.apply(keep, keep, keep, [], [])
        return [errno_of(lambda: os.chroot("/")), errno_of(lambda: os.setgid(0))]

    assert result_of(attempt) == [1, 0]


def test_a_user_keeps_ambient_capabilities() -> None:
    def change() -> list[str]:
        capabilities.drop_bounding(SOME)
        libc.prctl(libc.PR_SET_KEEPCAPS, 1)
        os.setresuid(1000, 1000, 1000)
        capabilities.set_sets(SOME, SOME, SOME)
        capabilities.raise_ambient(SOME)
        return sets()

    assert result_of(change) == [f"{capabilities.mask(SOME):x}"] * 5


def test_more_than_the_bounding_set_is_refused() -> None:
    def attempt() -> int:
        capabilities.apply(SOME, SOME, SOME, [], [])
        return errno_of(lambda: capabilities.set_sets(["CAP_SYS_ADMIN"], ["CAP_SYS_ADMIN"], []))

    assert result_of(attempt) == 1


def test_a_session_keyring_of_its_own() -> None:
    def change() -> str:
        keyring.join_session("_ses.abc")
        buffer = ctypes.create_string_buffer(200)
        libc.syscall("keyctl", 6, -3, ctypes.byref(buffer), 200)  # KEYCTL_DESCRIBE, the session keyring
        return buffer.value.decode()

    assert result_of(change) == "keyring;0;0;3f1b0000;_ses.abc"


def test_limits_are_set() -> None:
    limits = [{"type": "RLIMIT_NOFILE", "soft": 64, "hard": 128}, {"type": "RLIMIT_CORE", "soft": 0, "hard": 0}]

    def change() -> list[object]:
        lowered = rlimits.apply(limits)
        return [lowered, resource.getrlimit(resource.RLIMIT_NOFILE), resource.getrlimit(resource.RLIMIT_CORE)]

    assert result_of(change) == [[], [64, 128], [0, 0]]


def test_a_limit_that_may_not_be_raised_is_capped() -> None:
    def change() -> list[object]:
        resource.setrlimit(resource.RLIMIT_NPROC, (50, 100))
        capabilities.apply(SOME, SOME, SOME, [], [])
        lowered = rlimits.apply([{"type": "RLIMIT_NPROC", "soft": 80, "hard": 1 << 64}])
        return [lowered, resource.getrlimit(resource.RLIMIT_NPROC)]

    assert result_of(change) == [["RLIMIT_NPROC"], [80, 100]]


def test_limits_of_another_process() -> None:
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(write)
        os.read(read, 1)
        os._exit(0)
    os.close(read)
    rlimits.apply([{"type": "RLIMIT_NOFILE", "soft": 10, "hard": 10}], pid)
    assert "Max open files            10                   10" in Path(f"/proc/{pid}/limits").read_text()
    os.close(write)
    os.waitpid(pid, 0)
