"""Which ports of the host are free of listening processes."""

from __future__ import annotations

import errno
import ipaddress
import socket

from ..errors import InvalidSpec

_RANGE = "/proc/sys/net/ipv4/ip_local_port_range"
_KINDS = {
    "tcp": (socket.SOCK_STREAM, socket.IPPROTO_TCP),
    "udp": (socket.SOCK_DGRAM, socket.IPPROTO_UDP),
    "sctp": (socket.SOCK_STREAM, 132),
}


def ephemeral_ports() -> range:
    """Return the ports from which the kernel, and Docker, choose one when nobody asks for a certain one."""
    with open(_RANGE) as file:
        first, last = file.read().split()
    return range(int(first), int(last) + 1)


def listens(protocol: str, host_ip: str, port: int) -> bool:
    """Whether a process of the host has the port; it is tried by binding to it, and nothing is kept open.

    Raises InvalidSpec when the host has no such address.
    """
    family = socket.AF_INET6 if ipaddress.ip_address(host_ip).version == 6 else socket.AF_INET
    try:
        trial = socket.socket(family, *_KINDS[protocol])
    except OSError:
        return False  # a kernel without this protocol: then nobody listens
    with trial:
        if protocol == "tcp":
            # Connections that ended lately do not count; a listener does all the same.
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host_ip, port))
        except OSError as error:
            if error.errno == errno.EADDRNOTAVAIL:
                raise InvalidSpec(f"published port {host_ip}:{port}: the host has no address {host_ip}") from error
            if error.errno == errno.EADDRINUSE:
                return True
            raise
    return False
