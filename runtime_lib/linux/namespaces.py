"""The eight kinds of namespaces (namespaces(7)), by the names that the OCI runtime-spec gives them."""

from __future__ import annotations

import _socket
import fcntl
import os
import sys

from . import libc

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_SIOCGIFFLAGS = 0x8913
_SIOCSIFFLAGS = 0x8914
_IFF_UP = 1

# OCI name -> (name in /proc/<pid>/ns, clone flag)
KINDS = {
    "user": ("user", libc.CLONE_NEWUSER),
    "cgroup": ("cgroup", libc.CLONE_NEWCGROUP),
    "ipc": ("ipc", libc.CLONE_NEWIPC),
    "uts": ("uts", libc.CLONE_NEWUTS),
    "network": ("net", libc.CLONE_NEWNET),
    "pid": ("pid", libc.CLONE_NEWPID),
    "time": ("time", libc.CLONE_NEWTIME),
    "mount": ("mnt", libc.CLONE_NEWNS),
}


def join(path: str, kind: str) -> None:
    """Enter the namespace that a path such as /proc/<pid>/ns/net names; a `pid` one is for children alone.

    Raises OSError: EINVAL when it is a namespace of another kind.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        libc.setns(descriptor, KINDS[kind][1])
    finally:
        os.close(descriptor)


def loopback_up() -> None:
    """Bring up `lo` of the caller's network namespace (netdevice(7))."""
    socket = _socket.socket(_socket.AF_INET, _socket.SOCK_DGRAM | _socket.SOCK_CLOEXEC)
    try:
        request = fcntl.ioctl(socket.fileno(), _SIOCGIFFLAGS, b"lo".ljust(40, b"\0"))
        flags = int.from_bytes(request[16:18], sys.byteorder) | _IFF_UP
        fcntl.ioctl(socket.fileno(), _SIOCSIFFLAGS, request[:16] + flags.to_bytes(2, sys.byteorder) + request[18:])
    finally:
        socket.close()


def differing(pid: int) -> list[str]:
    """Return the kinds of namespaces that process `pid` does not share with the caller, in the order of `KINDS`."""
    kinds = []
    for kind, (name, _flag) in KINDS.items():
        try:
            theirs = os.readlink(f"/proc/{pid}/ns/{name}")
        except FileNotFoundError:
            if not os.path.exists(f"/proc/{pid}/ns"):
                raise
            continue  # a kind that this kernel does not have
        if theirs != os.readlink(f"/proc/self/ns/{name}"):
            kinds.append(kind)
    return kinds


def write_mappings(pid: int, uid: Sequence[dict[str, int]], gid: Sequence[dict[str, int]]) -> None:
    """Write the id maps of the user namespace of `pid` from outside of it (user_namespaces(7))."""
    for file, mappings in (("uid_map", uid), ("gid_map", gid)):
        text = "".join(f"{m['containerID']} {m['hostID']} {m['size']}\n" for m in mappings)
        descriptor = os.open(f"/proc/{pid}/{file}", os.O_WRONLY | os.O_CLOEXEC)
        try:
            os.write(descriptor, text.encode())  # the kernel takes the whole map in one write, and only once
        finally:
            os.close(descriptor)
