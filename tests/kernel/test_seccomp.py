"""The default filter, loaded by the real kernel."""

from __future__ import annotations

import ctypes
import os
import socket
from pathlib import Path
from typing import Any

import pytest

from runtime_lib.linux import libc, seccomp, seccomp_profile
from tests.support.child import errno_of, result_of

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")

X86_64 = os.uname().machine == "x86_64"
C = ctypes.CDLL(None, use_errno=True)
C.syscall.restype = ctypes.c_long
EPERM, ENOSYS = 1, 38


@pytest.fixture(scope="module")
def program() -> bytes:
    return seccomp.compile(seccomp_profile.default([]))


def syscall(number: int, *arguments: Any) -> int:
    """Return the errno of a system call, 0 for success."""
    values = [ctypes.c_long(value) if isinstance(value, int) else value for value in arguments]
    return ctypes.get_errno() if C.syscall(ctypes.c_long(number), *values) < 0 else 0


def under_filter(program: bytes, function: Any) -> Any:
    def filtered() -> Any:
        seccomp.load(program)
        return function()

    return result_of(filtered)


def test_denied_calls_fail(program: bytes) -> None:
    def attempts() -> list[int]:
        return [
            errno_of(lambda: libc.mount("none", "/mnt", "tmpfs")),
            errno_of(lambda: libc.unshare(libc.CLONE_NEWNS)),
            errno_of(lambda: libc.setns(0)),
            errno_of(lambda: libc.fsopen("tmpfs")),
            errno_of(lambda: socket.socket(38, socket.SOCK_SEQPACKET, 0)),
            errno_of(lambda: socket.socket(40, socket.SOCK_STREAM, 0)),
        ]

    assert under_filter(program, attempts) == [EPERM] * 6


def test_common_calls_work(program: bytes) -> None:
    def attempts() -> list[Any]:
        socket.socketpair()[0].close()
        socket.socket(socket.AF_INET, socket.SOCK_STREAM).close()
        socket.socket(socket.AF_NETLINK, socket.SOCK_RAW).close()
        return [os.spawnvp(os.P_WAIT, "true", ["true"]), os.listdir("/proc/self/fd") != []]

    assert under_filter(program, attempts) == [0, True]


@pytest.mark.skipif(not X86_64, reason="this machine: numbers of x86_64")
def test_calls_by_number(program: bytes) -> None:
    numbers = {435: ENOSYS, 500: ENOSYS, 999: ENOSYS, 425: EPERM, 321: EPERM, 250: EPERM, 248: EPERM, 39: 0}
    assert under_filter(program, lambda: [syscall(number, 0, 0, 0, 0, 0) for number in numbers]) == [*numbers.values()]


@pytest.mark.skipif(not X86_64, reason="this machine: numbers of x86_64")
def test_calls_that_an_old_libseccomp_does_not_know(program: bytes, tmp_path: Path) -> None:
    target = tmp_path / "file"
    target.touch()
    answer = under_filter(program, lambda: syscall(452, libc.AT_FDCWD, os.fsencode(target), 0o640, 0))  # fchmodat2
    assert answer in (0, ENOSYS)
    if answer == 0:
        assert target.stat().st_mode & 0o777 == 0o640


def test_state_as_docker_shows_it(program: bytes) -> None:
    lines = under_filter(program, lambda: Path("/proc/self/status").read_text().splitlines())
    state = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
    assert state["Seccomp"] == "2"
    assert state.get("Seccomp_filters", "1") == "1"
    assert "force" not in state.get("Speculation_Store_Bypass", "")


def test_no_new_privs_is_left_alone(program: bytes) -> None:
    assert "NoNewPrivs:\t0" in under_filter(program, lambda: Path("/proc/self/status").read_text())


def test_a_program_that_is_none_is_refused() -> None:
    assert result_of(lambda: errno_of(lambda: seccomp.load(b"\0" * 16))) == 22


def test_the_kept_program_is_the_compiled_one(program: bytes, tmp_path: Path) -> None:
    profile = seccomp_profile.default([])
    for _ in range(2):
        assert seccomp.cached(str(tmp_path), profile) == program
