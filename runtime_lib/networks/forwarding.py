"""The settings of the host, and of the interface of a network, without which nothing is forwarded there."""

from __future__ import annotations

import os

_IPV4 = "/proc/sys/net/ipv4"
_IPV6 = "/proc/sys/net/ipv6"


def prepare(interface: str, ipv6: bool) -> None:
    """Have the host forward, and the interface of a network do what containers and published ports need.

    Raises OSError. A kernel without IPv6 is no error unless `ipv6` is wanted.
    """
    lead(interface)
    if not ipv6 and not os.path.isdir(_IPV6):
        return
    # No container may configure the host by router advertisements (CVE-2020-13401).
    _write(f"{_IPV6}/conf/{interface}/accept_ra", "0")
    _write(f"{_IPV6}/conf/{interface}/disable_ipv6", "0" if ipv6 else "1")
    if ipv6:
        _forward_ipv6()


def works(ipv6: bool) -> bool:
    """Whether the host forwards. Raises OSError."""
    return _read(f"{_IPV4}/ip_forward") == "1" and (not ipv6 or _read(f"{_IPV6}/conf/all/forwarding") == "1")


def lead(interface: str) -> None:
    """Have the host forward IPv4, and lead ports published on 127.0.0.1 to an interface. Raises OSError."""
    # Such a port needs the host's loopback addresses routed, on this interface alone; the firewall drops packets that
    # come in by it and claim to be for 127.0.0.0/8 (CVE-2020-8558).
    _set(f"{_IPV4}/conf/{interface}/route_localnet", "1")
    _set(f"{_IPV4}/ip_forward", "1")


def _forward_ipv6() -> None:
    """Have the host forward IPv6, and go on to take its own routes from the routers that it listens to.

    A host that forwards ignores router advertisements unless `accept_ra` is 2 (Linux, ip-sysctl).
    """
    if _read(f"{_IPV6}/conf/all/forwarding") == "1":
        return
    for name in os.listdir(f"{_IPV6}/conf"):
        if name != "all" and _read(f"{_IPV6}/conf/{name}/accept_ra") == "1":
            _write(f"{_IPV6}/conf/{name}/accept_ra", "2")
    _write(f"{_IPV6}/conf/all/forwarding", "1")


def _set(path: str, value: str) -> None:
    if _read(path) != value:
        _write(path, value)


def _read(path: str) -> str:
    with open(path) as file:
        return file.read().strip()


def _write(path: str, value: str) -> None:
    with open(path, "w") as file:
        file.write(value)
