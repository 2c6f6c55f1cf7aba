"""What a running container uses now: the numbers behind `stats`."""

from __future__ import annotations

import os
import time

from ..errors import WrongState
from ..records import dataclass
from ..store import Store
from . import release
from .catalog import Container, state

_LOOPBACK = "lo"


@dataclass(frozen=True)
class Usage:
    """Numbers at `read_at` (ns since 1970). `cpu` and `host_cpu` are ns of processor time since the start, and since
    the host's boot, of its `processors`; a percentage comes from two readings. `memory` and `memory_limit` are bytes,
    the limit is the host's memory where the container has none. `pids_limit` 0 is none. `block_*` and `network_*` are
    bytes since the start; `interfaces` maps each network interface but the loopback to (received, sent), and is empty
    where the container uses the host's network, as in Docker.
    """

    read_at: int
    cpu: int
    host_cpu: int
    processors: int
    memory: int
    memory_limit: int
    pids: int
    pids_limit: int
    block_read: int
    block_written: int
    interfaces: dict[str, tuple[int, int]]

    @property
    def network_received(self) -> int:
        """Bytes received on all interfaces."""
        return sum(received for received, _sent in self.interfaces.values())

    @property
    def network_sent(self) -> int:
        """Bytes sent on all interfaces."""
        return sum(sent for _received, sent in self.interfaces.values())


def usage(store: Store, container: Container) -> Usage:
    """Return what a container uses. Raises WrongState when it does not run."""
    process = state(store, container).process
    if not process:
        raise WrongState(f"container {container.name} does not run, so it uses nothing")
    numbers = release.cgroup(store, container.id).usage()
    host = _host_memory()
    limit = numbers.get("memory_limit", 0)
    return Usage(
        read_at=time.time_ns(),
        cpu=numbers.get("cpu", 0),
        host_cpu=host_cpu(_text("/proc/stat")),
        processors=os.cpu_count() or 1,
        memory=numbers.get("memory", 0),
        memory_limit=min(limit, host) if limit else host,
        pids=numbers.get("pids", 0),
        pids_limit=numbers.get("pids_limit", 0),
        block_read=numbers.get("block_read", 0),
        block_written=numbers.get("block_written", 0),
        interfaces=_own_interfaces(container, process.pid),
    )


def host_cpu(stat: str) -> int:
    """Return the nanoseconds that all processors have been up, from the text of /proc/stat (proc_stat(5)). Pure."""
    ticks = sum(int(word) for word in stat.partition("\n")[0].split()[1:8])  # guests are counted in `user` already
    return ticks * (1_000_000_000 // os.sysconf("SC_CLK_TCK"))


def interfaces(table: str) -> dict[str, tuple[int, int]]:
    """Return {name: (bytes received, bytes sent)} of the text of /proc/<pid>/net/dev (proc_pid_net(5)). Pure."""
    result = {}
    for line in table.splitlines()[2:]:
        name, _unused, rest = line.partition(":")
        fields = rest.split()
        if name.strip() != _LOOPBACK:
            result[name.strip()] = (int(fields[0]), int(fields[8]))
    return result


def _own_interfaces(container: Container, pid: int) -> dict[str, tuple[int, int]]:
    return {} if container.spec.network_mode == "host" else interfaces(_text(f"/proc/{pid}/net/dev"))


def _host_memory() -> int:
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _text(path: str) -> str:
    try:
        with open(path, encoding="ascii", errors="surrogateescape") as file:
            return file.read()
    except (FileNotFoundError, ProcessLookupError):
        return ""  # it has ended since
