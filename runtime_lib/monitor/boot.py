"""The low-level runtime of one start: a fresh interpreter that the monitor keeps ready, and that ends afterwards.

The order is the bundle's folder and descriptors: standard input, output and error, or the console socket alone; then
the network namespace, where there is one.
"""

from __future__ import annotations

import _socket
import os
import sys

from ..errors import SkiffError
from ..jsontext import parse
from ..linux import libc
from ..linux.cgroups.group import Cgroup
from ..linux.cgroups.hierarchy import UNIFIED, detect
from ..oci import launch, report
from .cgroup import leave
from .rights import DESCRIPTORS, received

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..linux.process import Process

_SOCKET = 3  # to the monitor


def main() -> None:
    """Wait for the order, create and start the container, report its process or what failed, end."""
    libc.prctl(libc.PR_SET_DUMPABLE, 0)
    connection = _socket.socket(_socket.AF_UNIX, _socket.SOCK_SEQPACKET, 0, _SOCKET)
    os.set_inheritable(_SOCKET, False)
    try:
        answer = _serve(connection, sys.argv[2])
    except (OSError, SkiffError, ValueError, KeyError) as error:
        answer = b"failed " + report.encode(error)
    connection.send(answer)
    connection.recv(1)  # the end, once the monitor has joined the cgroup that this process keeps from being empty
    os._exit(0)


def _serve(connection: _socket.socket, cgroup: str) -> bytes:
    """Return the answer to the order; an order that does not come is the end."""
    files = _join(cgroup)
    bundle, descriptors = _receive(connection)
    if not bundle:
        leave(files)
        os._exit(0)
    try:
        created = _start(bundle, descriptors)
    except BaseException:
        leave(files)
        raise
    return "\n".join([f"started {created.pid} {created.start_time}", *files]).encode()


def _join(path: str) -> list[str]:
    """Leave the cgroup of whoever called, whose end must not be ours; return the files by which the monitor does so."""
    cgroup = Cgroup(detect(), path)
    cgroup.occupy()
    paths = cgroup.paths()
    return [f"{folder}/{'cgroup.procs' if key == UNIFIED else 'tasks'}" for key, folder in paths.items()]


def _receive(connection: _socket.socket) -> tuple[str, list[int]]:
    data, ancillary, _flags, _address = connection.recvmsg(65536, DESCRIPTORS)
    return data.decode(), received(ancillary)


def _start(bundle: str, descriptors: list[int]) -> launch.Created | Process:
    request = _load(f"{bundle}/monitor.json")
    config = _load(f"{bundle}/config.json")
    console, stdio = -1, (-1, -1, -1)
    if request["tty"]:
        console, *rest = descriptors
    else:
        stdio, rest = (descriptors[0], descriptors[1], descriptors[2]), descriptors[3:]
    netns = rest[0] if rest else -1
    name, cache = request["container_id"], request["cache"]
    if request.get("runtime"):
        from ..oci import foreign

        return foreign.start(request["runtime"], bundle, config, stdio, console, container_id=name, netns=netns)
    created = launch.create(bundle, config, stdio, console, container_id=name, netns=netns, cache=cache)
    created.start()
    return created


def _load(path: str) -> dict[str, Any]:
    with open(path, encoding="utf-8") as file:
        value: dict[str, Any] = parse(file.read())
    return value
