"""A container's own network namespace, before it is attached to anything."""

from __future__ import annotations

from ..linux import netns
from ..linux.netlink.link import Rtnetlink

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

# What Docker sets in every container's network namespace.
_SYSCTLS = (
    ("net/ipv4/ip_unprivileged_port_start", "0"),
    ("net/ipv4/ping_group_range", "0 2147483647"),
)
_NO_IPV6 = tuple((f"net/ipv6/conf/{name}/disable_ipv6", "1") for name in ("all", "default", "lo"))


def new_namespace(owner: int = -1) -> int:
    """Return the descriptor of a new network namespace with its loopback up and Docker's sysctls.

    It belongs to the open user namespace `owner`, or to the caller's. It has no mount: it lives as long as a process or
    an open descriptor holds it.
    """
    with netns.fresh() if owner < 0 else netns.owned(owner) as descriptor:
        for key, value in (*_SYSCTLS, *_NO_IPV6):
            _set(f"/proc/sys/{key}", value)
        with Rtnetlink() as netlink:
            netlink.set_up("lo")
    return descriptor


def inside(namespace: int) -> Rtnetlink:
    """Return a socket that belongs to a namespace, wherever the calling thread is later; to be closed."""
    with netns.entered(namespace):
        return Rtnetlink()


def enable_ipv6(namespace: int, interface: str) -> None:
    """Let an interface of a namespace, and its loopback, have IPv6 addresses; the others stay without."""
    with netns.entered(namespace):
        for name in ("lo", interface):
            with open(f"/proc/sys/net/ipv6/conf/{name}/disable_ipv6", "w") as file:
                file.write("0")


def set_sysctls(namespace: int, interface: str, texts: Sequence[str]) -> None:
    """Set what an interface of a namespace alone has: `net.ipv4.conf.IFNAME.log_martians=1`. Raises OSError."""
    with netns.entered(namespace):
        for text in texts:
            key, _equals, value = text.partition("=")
            start, _marked, end = key.partition(".IFNAME.")
            with open(f"/proc/sys/{start.replace('.', '/')}/{interface}/{end}", "w") as file:
                file.write(value)


def _set(path: str, value: str) -> None:
    try:
        with open(path, "w") as file:
            file.write(value)
    except FileNotFoundError:
        pass  # a kernel without IPv6, or an older one
