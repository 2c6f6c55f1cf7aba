"""Leases, with real processes: what a kill leaves behind, and who wins."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from runtime_lib.linux import lease

CHECKOUT = Path(__file__).parents[3]
HOLD = (
    "import os, sys; sys.path.insert(0, sys.argv[1])\n"
    "from runtime_lib.linux import lease\n"
    "sys.stdout.write(str(lease.hold(sys.argv[2])) + '\\n'); sys.stdout.flush()\n"
)


@pytest.fixture
def mark(tmp_path: Path) -> str:
    path = tmp_path / ".complete"
    path.touch()
    return str(path)


@contextmanager
def holder(mark: str, then: str = "sys.stdin.read()") -> Iterator[subprocess.Popen[str]]:
    """Another process that has a lease, until its standard input is closed."""
    command = [sys.executable, "-c", HOLD + then, str(CHECKOUT), mark]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "True\n"
        yield child


def test_a_leased_file_cannot_be_revoked(mark: str) -> None:
    with holder(mark), holder(mark):
        assert not lease.revoke(mark)
    assert os.path.exists(mark)
    assert lease.revoke(mark)
    assert not os.path.exists(mark)
    assert lease.revoke(mark), "revoked already"
    assert not lease.hold(mark)


def test_a_kill_leaves_no_lease_behind(mark: str) -> None:
    with holder(mark) as child:
        child.send_signal(signal.SIGKILL)
        child.wait()
        assert lease.revoke(mark)


def test_a_lease_goes_over_to_the_program_that_is_executed(mark: str) -> None:
    said = "sys.stdout.write('executed\\n'); sys.stdout.flush(); sys.stdin.read()"
    then = f"lease.pass_on(); os.execv(sys.executable, [sys.executable, '-c', 'import sys; ' + {said!r}])"
    with holder(mark, then) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "executed\n"
        assert not lease.revoke(mark)
    assert lease.revoke(mark)


def test_children_have_no_lease(mark: str) -> None:
    then = (
        "import subprocess; child = subprocess.Popen(['sleep', '1000'], stdin=subprocess.DEVNULL, stdout=2)\n"
        "sys.stdout.write(str(child.pid) + '\\n'); sys.stdout.flush(); sys.stdin.read()"
    )
    with holder(mark, then) as child:
        assert child.stdout is not None
        grandchild = int(child.stdout.readline())
        child.kill()
        child.wait()
        assert lease.revoke(mark)
        os.kill(grandchild, signal.SIGKILL)


def test_the_time_of_the_last_use_is_kept_to_the_hour(mark: str) -> None:
    os.utime(mark, (0, 0))
    with holder(mark):
        assert abs(lease.age(mark)) < 3600


def test_no_lease_on_what_is_revoked_at_the_same_time(mark: str) -> None:
    """Users and a remover in a race: whoever got a lease finds the file for as long as it holds it."""
    then = (
        "for number in range(3000):\n"
        "    os.close(lease._held.popitem()[1]) if lease._held else None\n"
        "    if lease.hold(sys.argv[2]) and not all(os.path.exists(sys.argv[2]) for number in range(5)):\n"
        "        sys.exit(1)\n"
    )
    with holder(mark, then) as one, holder(mark, then) as other:
        while one.poll() is None or other.poll() is None:
            if lease.revoke(mark):
                Path(mark).touch()
    assert (one.returncode, other.returncode) == (0, 0)
