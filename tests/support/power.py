"""A host that goes down and comes up again, as far as an installation can tell."""

from __future__ import annotations

import os
import shutil
import signal
import time
from contextlib import suppress
from pathlib import Path

from runtime_lib.linux.cgroups.group import Cgroup
from runtime_lib.linux.cgroups.hierarchy import detect
from runtime_lib.linux.process import Process
from tests.support import leftovers
from tests.support.skiff import Skiff

PATIENCE = 60.0  # seconds


def cut(host: Skiff) -> None:
    """Take everything away that a power cut takes: the processes, at once, and what is in memory."""
    for line in leftovers.processes(host.root):  # monitors first: one would start its container again
        pid = int(line.split()[0])
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        await_end(pid)
    for folder in Path(host.layout.run, "containers").glob("*"):
        Cgroup(detect(), host.layout.cgroup(folder.name)).kill()
    forget(host)


def forget(host: Skiff) -> None:
    """Take away what is in memory and in the kernel, after everything has ended: /run, cgroups."""
    for folder in Path(host.layout.run, "containers").glob("*"):
        Cgroup(detect(), host.layout.cgroup(folder.name)).remove(PATIENCE)
    shutil.rmtree(host.layout.run)


def await_end(pid: int) -> None:
    """Wait until a process that was killed has gone."""
    deadline = time.monotonic() + PATIENCE
    while _lives(pid):
        assert time.monotonic() < deadline, f"process {pid} does not end"
        time.sleep(0.02)


def _lives(pid: int) -> bool:
    try:
        return Process.of(pid).alive()
    except ProcessLookupError:
        return False
