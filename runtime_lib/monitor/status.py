"""What the monitor knows of its container, written to `state.json` at every change."""

from __future__ import annotations

import posix

from ..jsontext import compact

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_FLAGS = posix.O_WRONLY | posix.O_CREAT | posix.O_TRUNC | posix.O_NOFOLLOW | posix.O_CLOEXEC


class Status:
    """The fields of `state.json`; times are nanoseconds since 1970, start times clock ticks since boot."""

    __slots__ = (
        "error",
        "exit_code",
        "finished",
        "log_dropped",
        "oom_killed",
        "paused",
        "pid",
        "restart_count",
        "start_time",
        "started",
        "status",
        "_fixed",
    )

    def __init__(self) -> None:
        self.status = "created"
        self.paused = False
        self.pid = 0
        self.start_time = 0
        self.exit_code = 0
        self.started = 0
        self.finished = 0
        self.oom_killed = False
        self.error = ""
        self.restart_count = 0
        self.log_dropped = 0  # records that the log's disk had no room for
        own = posix.getpid()
        self._fixed = {"monitor_pid": own, "monitor_start_time": start_time(own), "boot_id": boot_id()}

    def text(self) -> str:
        """Return the JSON text."""
        values: dict[str, Any] = {name: getattr(self, name) for name in self.__slots__ if name[0] != "_"}
        if values.pop("paused") and self.status == "running":
            values["status"] = "paused"
        values.update(self._fixed)
        return compact(values)


def replace(path: str, text: str, sync: bool) -> None:
    """Replace a file atomically; with `sync` it also survives a power cut."""
    temporary = f"{path}.tmp"
    descriptor = posix.open(temporary, _FLAGS, 0o600)
    try:
        posix.write(descriptor, text.encode())
        if sync:
            posix.fdatasync(descriptor)
    finally:
        posix.close(descriptor)
    posix.rename(temporary, path)


def keep(request: dict[str, Any], text: str, running: bool) -> None:
    """Write `state.json` of the run, and its copy that outlives a reboot."""
    for path, sync in (
        (f"{request['run_folder']}/state.json", False),
        (f"{request['container_folder']}/last.json", not running),
    ):
        if path[0] == "/" and not (request["auto_remove"] and path.endswith("last.json")):
            try:
                replace(path, text, sync)
            except OSError:
                continue  # a full disk, or a folder that is being removed: the container must go on


def read(path: str, limit: int = 65536) -> str:
    """Return the text of a small file."""
    descriptor = posix.open(path, posix.O_RDONLY | posix.O_CLOEXEC)
    try:
        return posix.read(descriptor, limit).decode()
    finally:
        posix.close(descriptor)


def boot_id() -> str:
    """Return what tells this boot of the host from every other one."""
    return read("/proc/sys/kernel/random/boot_id").strip()


def start_time(pid: int) -> int:
    """Return the start time of a process that exists: field 22 of proc_pid_stat(5)."""
    return int(read(f"/proc/{pid}/stat").rpartition(")")[2].split()[19])


def oom_kills(folder: str) -> int:
    """Return how many processes of a memory cgroup the kernel has killed for want of memory; 0 if it does not tell."""
    for name in ("memory.events", "memory.oom_control"):
        try:
            lines = read(f"{folder}/{name}").splitlines()
        except OSError:
            continue  # the other cgroup version, or a cgroup that is gone already
        for line in lines:
            if line.startswith("oom_kill "):
                return int(line[9:])
    return 0


def failure(report: bytes) -> tuple[int, str]:
    """Return (Docker's exit code, text) for what `oci.report.encode` wrote about a start that failed."""
    number, stage, path, message = (report.decode("utf-8", "replace").split("\0", 3) + ["", "", ""])[:4]
    code = 126 if stage in ("exec", "cwd") else 128
    if stage == "exec" and number == "2":  # ENOENT
        code = 127
    return code, f"{message}: {path}" if path else message
