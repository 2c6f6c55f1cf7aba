"""What all drivers of networks have in common, and which module is whose."""

from __future__ import annotations

from ..errors import InvalidSpec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, Protocol

    from ..linux.netlink.link import Rtnetlink
    from ..store import Store
    from .model import Endpoint, Network
    from .spec import NetworkSpec

    class Driver(Protocol):
        """A module of `drivers`. All but `check` raise OSError where the kernel refuses, and HostLacks."""

        # Whether the host has the gateway's address on `network.bridge`: then there are rules, translation, and ports.
        GATEWAY_ON_HOST: bool
        # Whether each endpoint has an interface on the host, which dies with the container's.
        HOST_END: bool
        # Whether all containers have the MAC address of the host's interface.
        SHARES_MAC: bool
        # Whether a task names the other hosts of a network (`networks.peers`), for `networks.overlay`.
        HAS_PEERS: bool

        def check(self, spec: NetworkSpec) -> None:
            """Raise InvalidSpec for driver options that do not exist or make no sense. Pure."""

        def sliced(self, spec: NetworkSpec) -> bool:
            """Whether hosts share the subnets, and each gives out addresses of its own `ip_range` alone. Pure."""

        def guards(
            self, networks: Sequence[Network], contained: Sequence[dict[str, Any]]
        ) -> list[list[dict[str, Any]]]:
            """Return what the chain `guard` needs for this driver's networks: what may not reach the host. Pure.

            `contained` matches what containers send to the host itself; it is empty where there is no bridge of ours.
            """

        def prepare(self, store: Store, spec: NetworkSpec) -> NetworkSpec:
            """Look at the host before anything is written; return what is to be stored.

            Raises InvalidSpec, NameTaken and HostLacks when the network cannot be made here.
            """

        def ensure(self, store: Store, network: Network) -> None:
            """Make or mend the host's side; cheap when all is there. Endpoints that lost it are joined to it again."""

        def mend(self, store: Store, network: Network) -> None:
            """Do as `ensure`, but look at everything, whatever seems to be there."""

        def plug(self, host: Rtnetlink, endpoint: Endpoint, namespace: int) -> None:
            """Make the container's interface inside `namespace`. It is not up, and has no address yet."""

        def rejoin(self, store: Store, host: Rtnetlink, endpoint: Endpoint) -> None:
            """Put back what else an endpoint had, whose interface was lost and has been made again by `plug`."""

        def settle(self, host: Rtnetlink, endpoint: Endpoint) -> None:
            """Do what is due once the interface is up."""

        def unplug(self, host: Rtnetlink, endpoint: Endpoint, ended: bool) -> None:
            """Take the interface away, or, when the container has `ended`, have it forward nothing until it is gone.

            Raises OSError when it is gone already, which callers expect.
            """

        def remove(self, store: Store, network: Network) -> None:
            """Take the host's side away, as far as Skiff has made it. May be repeated."""


NAMES = ("bridge", "macvlan", "ipvlan", "openvswitch", "overlay")


def has_peers(name: str) -> bool:
    """Whether the networks of a driver have peers; those of no driver, such as `host`, have none."""
    return name in NAMES and of(name).HAS_PEERS


def of(name: str) -> Driver:
    """Return the driver of that name. Raises InvalidSpec when there is none."""
    if name == "bridge":
        from .drivers import bridge

        return bridge
    if name == "macvlan":
        from .drivers import macvlan

        return macvlan
    if name == "ipvlan":
        from .drivers import ipvlan

        return ipvlan
    if name == "overlay":
        from .drivers import overlay

        return overlay
    if name == "openvswitch":
        from .drivers import openvswitch

        return openvswitch
    raise InvalidSpec(f"there is no network driver {name!r}; use one of {', '.join(NAMES)}")
