"""Make a container out of a bundle's configuration (OCI runtime-spec, "create" and "start").

To be called in a fresh, sealed process that is ours alone (`linux.interpreter.spawn`), never in an engine process:
`create` changes the caller's own namespaces for children, and forks. The container's first process is a child of the
caller; when the caller ends, it becomes a child of the nearest subreaper (prctl(2), PR_SET_CHILD_SUBREAPER):

    boot (subreaper) --fork--> caller of create() --fork--> the container's first process
"""

from __future__ import annotations

import errno
import os

from ..errors import SkiffError
from ..linux import libc, namespaces, seccomp, userns
from ..linux.cgroups.group import Cgroup
from ..linux.cgroups.hierarchy import detect
from ..linux.process import Process as HostProcess
from . import devices, init, outside, report

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


_PATIENCE = 2.0  # seconds for the kernel to let an empty cgroup go
_TOO_LITTLE = "the memory limit is too low even to start; Docker's least, 6 MiB, is enough"


class Created:
    """A container that is set up; its first process waits for `start()`. `pid` is as the caller's namespace has it."""

    __slots__ = ("_gate", "_report", "pid", "start_time")

    def __init__(self, pid: int, start_time: int, gate: int, failures: int) -> None:
        self.pid = pid
        self.start_time = start_time
        self._gate = gate
        self._report = failures

    def start(self) -> None:
        """Let the first process execute the user's program; return when it runs.

        Raises `report.LaunchError` (an OSError with `stage`) when the program cannot be executed; the process is
        gone then.
        """
        os.write(self._gate, b"s")
        failure = report.receive(self._report)
        self.close()
        if failure:
            _reap(self.pid)
            raise report.decode(failure[1:])

    def close(self) -> None:
        """Let go of it: unless its program was started, or has a gate of its own, the first process ends."""
        os.close(self._gate)
        os.close(self._report)


def create(
    bundle: str,
    config: dict[str, Any],
    stdio: tuple[int, int, int],
    console: int = -1,
    *,
    container_id: str,
    netns: int = -1,
    cache: str = "",
    gate: int = -1,
    extra: tuple[int, ...] = (),
    keyring: bool = True,
    pivot: bool = True,
    hooks: Callable[[int], None] | None = None,
) -> Created:
    """Set up a container and return it, its program not yet started.

    `bundle` is an absolute folder; relative paths of `config` (root.path, sources of binds) begin there.
    `stdio` are the descriptors that become 0, 1 and 2 of the program. With `process.terminal` they are not used, but a
    new terminal's slave is; its master goes over `console`, a connected Unix stream socket (one byte, SCM_RIGHTS).
    `netns`, an open network namespace, takes the place of the path of the configuration's network namespace.
    `cache` is a folder for compiled seccomp filters. `gate` is a descriptor that gives a byte when the program may
    start, for a `start` by another process; without it only `Created.start()` does.
    `extra` are descriptors that the program has from 3 on. `keyring` asks for a session keyring of its own, `pivot` for
    pivot_root(2). `hooks` runs the hooks of the caller's namespaces when it is called with the first process's pid.

    The cgroup `linux.cgroupsPath` is made when it is missing, and removed again when the creation fails.
    Raises InvalidSpec before anything is touched, or `report.LaunchError`.
    """
    wanted = init.Wanted(bundle, config, container_id)
    wanted.netns, wanted.gate = netns, gate
    wanted.stdio, wanted.console, wanted.extra = stdio, console, extra
    wanted.keyring, wanted.pivot = keyring, pivot
    wanted.filter_program, wanted.filter_flags = _filter(config, cache)
    if "user" in wanted.namespaces:
        wanted.userns = _user_namespace(wanted)
    outside.make_maps(wanted.mounts)
    cgroup = _cgroup(config, container_id)
    try:
        return _fork(wanted, cgroup, hooks)
    except BaseException as error:
        if cgroup:
            killed = getattr(error, "stage", "") == "runtime" and cgroup.oom_kills() > 0
            _remove(cgroup)
            if killed:
                raise report.LaunchError(errno.ENOMEM, _TOO_LITTLE, "", "cgroup") from error
        raise


def _remove(cgroup: Cgroup) -> None:
    try:
        cgroup.remove(_PATIENCE)
    except (SkiffError, OSError):
        return  # others are in it; and what failed first is what the caller has to hear


def _filter(config: dict[str, Any], cache: str) -> tuple[bytes, int]:
    profile = (config.get("linux") or {}).get("seccomp")
    if not profile:
        return b"", 0
    program = seccomp.cached(cache, profile) if cache else seccomp.compile(profile)
    return program, seccomp.flags(profile)


def _cgroup(config: dict[str, Any], container_id: str) -> Cgroup | None:
    path = (config.get("linux") or {}).get("cgroupsPath")
    if path == "":
        return None
    with report.Stage("cgroup"):
        cgroup = Cgroup(detect(), path or f"/skiff-oci/{container_id}")
        cgroup.create()
        cgroup.apply(devices.resources(config))
    return cgroup


def _fork(wanted: init.Wanted, cgroup: Cgroup | None, hooks: Callable[[int], None] | None) -> Created:
    """Fork the first process and wait until it has set itself up."""
    failures, up = os.pipe2(os.O_CLOEXEC)
    down, gate = os.pipe2(os.O_CLOEXEC)
    pid = _first_process(wanted, cgroup, up, down, (failures, gate))
    os.close(up)
    os.close(down)
    created = Created(pid, 0, gate, failures)
    try:
        if wanted.new_user_namespace and wanted.namespaces.get("pid") == "":
            created.pid = _await_first(created.pid, failures)
        _await_ready(created, hooks)
        created.start_time = HostProcess.of(created.pid).start_time
    except BaseException:
        created.close()
        _reap(created.pid)
        raise
    return created


def _first_process(wanted: init.Wanted, cgroup: Cgroup | None, up: int, down: int, theirs: tuple[int, int]) -> int:
    with report.Stage("namespace"):
        path = wanted.namespaces.get("pid")
        if path == "" and wanted.new_user_namespace:
            path = None  # the user namespace has to own it, so it comes later
        if path:
            namespaces.join(path, "pid")
        elif path is not None:
            libc.unshare(libc.CLONE_NEWPID)
        pid = cgroup.fork() if cgroup else os.fork()
    if pid:
        return pid
    told = report.Failures(up)
    try:
        for descriptor in theirs:
            os.close(descriptor)
        init.run(wanted, cgroup, told, down)
    except BaseException as error:  # the end of this process: whatever failed, the caller has to hear of it
        told.tell(error)
    finally:
        os._exit(1)


def _user_namespace(wanted: init.Wanted) -> int:
    """Return the user namespace: the one that is named, the one that owns the given network, or a new one."""
    path = wanted.namespaces["user"]
    with report.Stage("namespace", path or "user"):
        if path:
            return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        found = userns.owner(wanted.netns) if wanted.netns >= 0 else -1
        if found >= 0:
            return found
        section = wanted.config.get("linux") or {}
        return userns.create(section.get("uidMappings") or [], section.get("gidMappings") or [])


def _await_first(pid: int, failures: int) -> int:
    """Return the pid of who is the first process of the pid namespace that the user namespace owns."""
    if os.read(failures, 1) != b"p":
        raise report.decode(report.receive(failures) or b"5\0namespace\0\0no pid namespace")
    number = int.from_bytes(init.read_exactly(failures, 8), "big")
    os.waitpid(pid, 0)
    return number


def _reap(pid: int) -> None:
    try:
        os.waitpid(pid, 0)
    except ChildProcessError:
        return  # with a user namespace it is our grandchild, and our parent's to reap


def _await_ready(created: Created, hooks: Callable[[int], None] | None) -> None:
    answer = os.read(created._report, 1)
    if answer == b"h":
        if hooks:
            hooks(created.pid)
        os.write(created._gate, b"h")
        answer = os.read(created._report, 1)
    if answer == b"r":
        return
    failure = report.receive(created._report)
    if not failure:
        raise report.LaunchError(5, "the container's first process ended while it was being set up", "", "runtime")
    raise report.decode(failure)
