"""The bridge interface of a network, and what is left of containers that are gone."""

from __future__ import annotations

from ..linux.netlink import bridges
from ..linux.netlink.link import Rtnetlink
from .model import endpoints

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3

    from ..store import Store
    from .model import Network


def ensure(store: Store, network: Network) -> None:
    """Make the bridge of a network unless it is there; the check costs one system call.

    Containers that lost it when somebody deleted it are connected again. It is set up as the last step, so a bridge
    that is up is whole. Raises OSError, and HostLacks without pyroute2.
    """
    with Rtnetlink() as netlink:
        if netlink.is_up(network.bridge):
            return
        with store.lock("bridge", network.bridge):
            addresses = [f"{subnet.gateway}/{subnet.network.prefixlen}" for subnet in network.subnets]
            bridges.create_bridge(network.bridge, addresses, network.spec.mtu)
            _set_sysctls(network.bridge)
            for endpoint in endpoints(store, network_id=network.id):
                if exists(endpoint.host_interface):
                    netlink.set_master(endpoint.host_interface, network.bridge)
            netlink.set_up(network.bridge)


def exists(interface: str) -> bool:
    """Whether the host has an interface of this name."""
    with Rtnetlink() as netlink:
        try:
            return netlink.index(interface) > 0
        except OSError:
            return False


def sweep(db: sqlite3.Connection) -> None:
    """Forget the endpoints whose container died without saying so: the host's end of its veth pair went with it.

    Rows and interfaces are made in one transaction, so an endpoint that somebody is just making is not swept.
    """
    for row in db.execute("SELECT container_id, host_interface FROM endpoints").fetchall():
        if not exists(row["host_interface"]):
            forget(db, row["container_id"])


def forget(db: sqlite3.Connection, container_id: str) -> None:
    """Release all addresses and ports of a container."""
    for table in ("ports", "leases", "endpoints"):
        db.execute(f"DELETE FROM {table} WHERE container_id = ?", (container_id,))


def _set_sysctls(name: str) -> None:
    # A port published on 127.0.0.1 needs the host's loopback addresses routed, on this interface alone; the
    # firewall drops packets of containers that claim to be for 127.0.0.0/8 (CVE-2020-8558).
    _write(f"/proc/sys/net/ipv4/conf/{name}/route_localnet", "1")
    # No container may configure the host by router advertisements (CVE-2020-13401).
    for key, value in (("accept_ra", "0"), ("disable_ipv6", "1")):
        try:
            _write(f"/proc/sys/net/ipv6/conf/{name}/{key}", value)
        except FileNotFoundError:
            return  # a kernel without IPv6
    _forward()


def _forward() -> None:
    path = "/proc/sys/net/ipv4/ip_forward"
    with open(path) as file:
        forwarding = file.read().strip() == "1"
    if not forwarding:
        _write(path, "1")


def _write(path: str, value: str) -> None:
    with open(path, "w") as file:
        file.write(value)
