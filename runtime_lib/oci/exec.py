"""Run one more process in a running container.

The engine process calls this. The work is done by a fresh, sealed helper (`oci.enter`), which starts while the engine
still looks up what it needs: call `prespawn` first, `start` on what it returns later.
"""

from __future__ import annotations

import os

from ..linux import namespaces, seccomp, terminal
from ..linux.cgroups.hierarchy import UNIFIED
from ..linux.process import Process
from . import channel, report, wire
from . import process as processes
from .helper import Helper, spawn
from .process import exit_code

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any


class Running:
    """A process in a container. `pid` is the host's number; `console` the terminal's master descriptor, or -1."""

    __slots__ = ("_code", "_helper", "_line", "_process", "console", "pid")

    def __init__(self, helper: int, process: Process, console: int, line: int = -1) -> None:
        """Take over the helper's pid, and the `line` to it when it has been told to hold the terminal."""
        self.pid = process.pid
        self.console = console
        self._line = line
        self._helper = helper
        self._process = process
        self._code: int | None = None

    def wait(self) -> int:
        """Return the exit code once the process has ended: 128 + n when signal n ended it."""
        if self._code is None:
            self._code = exit_code(os.waitpid(self._helper, 0)[1])
        return self._code

    def poll(self) -> int | None:
        """Return the exit code, or None while the process runs."""
        if self._code is None:
            pid, status = os.waitpid(self._helper, os.WNOHANG)
            self._code = exit_code(status) if pid else None
        return self._code

    def signal(self, number: int) -> None:
        """Send a signal to the process. One that has ended is no error."""
        try:
            self._process.signal(number)
        except ProcessLookupError:
            return

    def resize(self, rows: int, columns: int) -> None:
        """Set the size of the terminal."""
        terminal.resize(self.console, rows, columns)

    def leave(self) -> None:
        """Have the helper take the terminal's output and drop it, from now to the end: the process goes on."""
        try:
            os.write(self._line, channel.LEFT)
        except BrokenPipeError:
            return  # it has ended already

    def part(self) -> None:
        """Leave the process for good: nobody waits for it here, and its helper goes on alone."""
        if self.console >= 0:
            self.leave()
            os.close(self.console)
        os.close(self._line)


class Prespawned:
    """A helper that has been started and waits to be told what to run."""

    __slots__ = ("_helper",)

    def __init__(self, helper: Helper) -> None:
        self._helper = helper

    def start(
        self,
        target: Process,
        config: dict[str, Any],
        process: dict[str, Any],
        stdio: tuple[int, int, int],
        *,
        container_id: str,
        cgroup: dict[str, str],
        cache: str = "",
        detach: bool = False,
        extra: tuple[int, ...] = (),
        keyring: bool = True,
        ending: dict[str, Any] | None = None,
    ) -> Running:
        """Run `process` (an OCI process object) in the container whose first process is `target`.

        `config` is the container's own configuration (its linux.seccomp counts); `cgroup` are the `paths()` of its
        cgroup; `stdio` become 0, 1 and 2, unless `process.terminal` asks for a new terminal. With `detach` the helper
        ends at once: the process is the nearest subreaper's child then, and `wait` says nothing about it.
        `extra` are descriptors that it has from 3 on; `keyring` asks for the container's session keyring. With
        `ending` (run, actor, attributes: see `eventlog.append`) the helper notes the end itself, after `Running.part`.
        The helper is used up, whatever happens. Raises InvalidSpec, ProcessLookupError when the container has ended,
        or `report.LaunchError`.
        """
        helper = self._helper
        try:
            request = request_for(target, config, process, container_id, cgroup, cache)
            request.update(detach=detach, keyring=keyring, ending=ending)
            given = extra if process.get("terminal") else (*stdio, *extra)
            channel.send(helper.socket, wire.pack(request), given)
            answer, descriptors = channel.receive(helper.socket)
        except BaseException:
            helper.cancel()
            raise
        return _answered(helper, answer, descriptors, stays=bool(ending))

    def cancel(self) -> None:
        """End the helper; nothing was run."""
        self._helper.cancel()


def _answered(helper: Helper, answer: bytes, descriptors: Sequence[int], stays: bool) -> Running:
    """Return what a helper has started, or raise what it tells; its line is kept when somebody `stays` on it."""
    if not answer.startswith(b"r"):
        os.close(helper.socket)
        os.waitpid(helper.pid, 0)
        raise report.decode(answer[1:] or b"5\0runtime\0\0the helper ended without an answer")
    process = Process(*map(int, answer[1:].split()))
    if not descriptors and not stays:
        os.close(helper.socket)
        return Running(helper.pid, process, -1)
    return Running(helper.pid, process, descriptors[0] if descriptors else -1, helper.socket)


def prespawn(library: str) -> Prespawned:
    """Start a helper from the installed library in `library`; returns while it still loads."""
    return Prespawned(spawn(library))


def request_for(
    target: Process,
    config: dict[str, Any],
    process: dict[str, Any],
    container_id: str,
    cgroup: dict[str, str],
    cache: str,
) -> dict[str, Any]:
    """Return what the helper is asked for. Raises InvalidSpec, and ProcessLookupError when the container has ended."""
    processes.Process(process)  # a user's mistake is told before anything is touched
    profile = (config.get("linux") or {}).get("seccomp")
    if not target.alive():
        raise ProcessLookupError(3, "the container's first process has ended", f"/proc/{target.pid}")
    return {
        "pid": target.pid,
        "start_time": target.start_time,
        "container_id": container_id,
        "keyring": True,
        "kinds": namespaces.differing(target.pid),
        "cgroup_files": cgroup_files(cgroup, _cgroup_of(target.pid)),
        "process": process,
        "filter": b"" if not profile else (seccomp.cached(cache, profile) if cache else seccomp.compile(profile)),
        "filter_flags": seccomp.flags(profile) if profile else 0,
    }


def cgroup_files(paths: dict[str, str], unified: str) -> list[str]:
    """Return the files by which a process with one thread moves itself into a cgroup; each folder once.

    `unified` is the version 2 group of the container's first process. When that has moved itself further down (as
    systemd does), the container's own group takes no processes any more (cgroups(7), "no internal processes").
    """
    files = {}
    for key, folder in paths.items():
        if key == UNIFIED:
            files[_deeper(folder, unified)] = "cgroup.procs"
        else:
            files.setdefault(folder, "tasks")
    return [f"{folder}/{name}" for folder, name in files.items()]


def _deeper(folder: str, unified: str) -> str:
    name = folder.rsplit("/", 1)[1]
    _unused, found, below = unified.partition(f"/{name}/")
    return f"{folder}/{below}" if found and ".." not in below else folder


def _cgroup_of(pid: int) -> str:
    """Return the version 2 group of a process, relative to the root of the hierarchy; "" when there is none."""
    with open(f"/proc/{pid}/cgroup", encoding="utf-8", errors="surrogateescape") as file:
        lines = [line for line in file.read().splitlines() if line.startswith("0::")]
    return lines[0][3:] if lines else ""
