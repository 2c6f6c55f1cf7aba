"""Waiting until the kernel has acted on new interfaces: what comes before is lost, and repeated after a second.

The kernel leaves two things to a worker, which may run only after the container's first packet:

* An interface whose carrier has just come drops what it is to send until then. So does a bridge with its first port.
* An interface does not listen to the group in which neighbours ask for its new IPv6 address, also one that is exempt
  from the search for duplicates (addrconf_dad_start).
"""

from __future__ import annotations

import time

from ..linux.netlink import groups, messages

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from ..linux.netlink.link import Rtnetlink

_LIMIT = 2.0  # seconds; then the first packet may come late, which is better than no container
_STATE_LIMIT = 0.5  # seconds; a bridge with STP has its carrier only when its ports forward, after half a minute
_PAUSE = 0.001


def sending(host: Rtnetlink, *interfaces: str) -> None:
    """Wait until interfaces that have a carrier send. Since Linux 6.9 asking is enough."""
    for interface in interfaces:
        _until(_STATE_LIMIT, host.settle, interface)


def answering(netlink: Rtnetlink, interface: str, addresses: Collection[bytes]) -> None:
    """Wait until an interface listens to the questions for its IPv6 addresses (of 16 bytes each)."""
    if addresses and not netlink.flags(interface) & messages.IFF_NOARP:  # nobody asks for those of an ipvlan on layer 3
        wanted = {groups.solicited(address) for address in addresses}
        _until(_LIMIT, lambda: wanted <= netlink.groups(interface))


def _until(limit: float, condition: Callable[..., bool], *arguments: object) -> None:
    deadline = time.monotonic() + limit
    while not condition(*arguments) and time.monotonic() < deadline:
        time.sleep(_PAUSE)
