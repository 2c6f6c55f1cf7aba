"""Attaching a container's network namespace to networks, and detaching it."""

from __future__ import annotations

import errno
import ipaddress
import itertools
import os
from contextlib import suppress

from ..errors import AddressTaken, InvalidSpec, WrongState
from ..jsontext import compact
from ..linux import netns
from ..linux.netlink.link import Rtnetlink
from ..patterns import Pattern
from ..records import dataclass
from . import bridge, catalog, firewall, ipam, links, names
from .model import Endpoint, Network, endpoints

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator, Sequence

    from ..store import Store
    from .spec import IPAddress

_MAC = Pattern(r"[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}\Z")


# An interface that went with its namespace, or is about to.
_GONE = (errno.ENODEV, errno.ENETDOWN, errno.EOPNOTSUPP)


@dataclass(frozen=True)
class Attachment:
    """A wish: which network (a name or id), and optionally which address, hardware address and further names there.

    `links` are of the form CONTAINER[:NAME], see `networks.links`.
    """

    network: str
    address: str = ""
    mac: str = ""
    aliases: tuple[str, ...] = ()
    links: tuple[str, ...] = ()

    def check(self) -> None:
        """Raise InvalidSpec when an alias is no host name or `mac` no hardware address of one interface."""
        for alias in self.aliases:
            names.check_name(alias, "alias")
        for link in self.links:
            links.parse(link)
        if self.mac and (not _MAC.match(self.mac) or int(self.mac[:2], 16) & 1):
            raise InvalidSpec(f"network {self.network}: {self.mac!r} is not a MAC address such as 02:42:ac:11:00:02")


def attach(
    store: Store, container_id: str, name: str, namespace: int, attachments: Sequence[Attachment]
) -> list[Endpoint]:
    """Attach a namespace to networks, in their order as eth0, eth1, ..., and return all of its endpoints.

    The default route goes by the first network that is not internal. Missing bridges are made again. Raises
    NetworkNotFound, InvalidSpec, AddressTaken, HostLacks and OSError; then nothing is left of it.
    """
    for wish in attachments:
        wish.check()
    networks = [_network(store, wish.network) for wish in attachments]
    with store.transaction() as db:
        bridge.sweep(db)
        before = endpoints(store, container_id)
        free = _free_interfaces(before)
        for network, wish in zip(networks, attachments):
            catalog.find(store, network.id)  # somebody may have removed it until the transaction began
            if any(endpoint.network.id == network.id for endpoint in endpoints(store, container_id)):
                raise WrongState(f"container {name} is on network {network.name} already; disconnect it first")
            bridge.ensure(store, network)
            _reserve(db, container_id, name, network, wish, next(free))
            links.reserve(db, container_id, network, wish.links, endpoints(store, network_id=network.id))
        made = endpoints(store, container_id)
        fresh = [endpoint for endpoint in made if endpoint not in before]
        _connect(fresh, namespace, routed=any(endpoint.gateway for endpoint in before))
    firewall.sync(store)
    for endpoint in fresh:
        catalog.note(store, "connect", endpoint.network, container=container_id)
    return made


def detach(store: Store, container_id: str, network: Network | None = None) -> None:
    """Release a container's addresses and ports on all networks, or take it from one of them; tell its neighbours.

    From one network: the interfaces are deleted. From all: the container has ended, so they go with its namespace;
    until the kernel has done that (deleting takes it 10 to 30 ms) their bridge ports forward nothing.
    Whatever of it is missing already is no error. Raises OSError when the rules cannot be changed.
    """
    with store.transaction() as db:
        gone = endpoints(store, container_id, network.id if network else None)
        ports = db.execute("SELECT count(*) FROM ports").fetchone()
        for endpoint in gone:
            _take_away(endpoint.host_interface, Rtnetlink.delete if network else Rtnetlink.close_port)
            _forget(db, endpoint)
        if network is None:
            bridge.forget(db, container_id)
        changed = ports != db.execute("SELECT count(*) FROM ports").fetchone()
    if changed:  # the rules depend on nothing else that went away
        firewall.sync(store)
    for endpoint in gone:
        catalog.note(store, "disconnect", endpoint.network, container=container_id)
        names.refresh(store, endpoint.network.id, container_id)


def reroute(store: Store, container_id: str, namespace: int) -> None:
    """Let the default route of a running container go by the first of its networks that is not internal.

    For the time after `detach` from one network; a default route that is there stays.
    """
    routed = next((endpoint for endpoint in endpoints(store, container_id) if endpoint.gateway), None)
    if routed is None:
        return
    with netns.entered(namespace):
        inside = Rtnetlink()
    with inside, suppress(FileExistsError):
        inside.add_default_route(routed.interface, routed.gateway)


def _forget(db: sqlite3.Connection, endpoint: Endpoint) -> None:
    for table in ("leases", "endpoints"):
        query = f"DELETE FROM {table} WHERE container_id = ? AND network_id = ?"
        db.execute(query, (endpoint.container_id, endpoint.network.id))
    query = "DELETE FROM ports WHERE container_id = ? AND container_ip = ?"
    db.execute(query, (endpoint.container_id, str(endpoint.address)))


def _network(store: Store, ref: str) -> Network:
    if ref in (catalog.DEFAULT, "default"):
        return catalog.ensure_default(store)
    network = catalog.find(store, ref)
    if not network.subnets:
        raise InvalidSpec(f"network {network.name} cannot be joined by name: use network_mode {network.name}")
    return network


def _free_interfaces(present: Sequence[Endpoint]) -> Iterator[str]:
    taken = {endpoint.interface for endpoint in present}
    return (f"eth{number}" for number in itertools.count() if f"eth{number}" not in taken)


def _reserve(
    db: sqlite3.Connection, container_id: str, name: str, network: Network, wish: Attachment, interface: str
) -> None:
    address = _address(db, network, wish)
    mac = wish.mac.lower() or ipam.mac_of(address).hex(":")
    db.execute(
        "INSERT INTO endpoints (id, container_id, network_id, interface, host_interface, mac, names)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            os.urandom(32).hex(),
            container_id,
            network.id,
            interface,
            f"sv{os.urandom(5).hex()}",
            mac,
            compact([name, *wish.aliases, container_id[:12]]),
        ),
    )
    db.execute(
        "INSERT INTO leases (network_id, address, container_id) VALUES (?, ?, ?)",
        (network.id, str(address), container_id),
    )


def _address(db: sqlite3.Connection, network: Network, wish: Attachment) -> IPAddress:
    leases, first = _leases(db, network), network.subnets[0]
    if not wish.address:
        given = network.spec.subnets[:1]
        out = given[0].range() if given else first.network
        reserved = [ipaddress.ip_address(text) for subnet in given for text in subnet.aux_addresses.values()]
        return ipam.free_address(first.network, out, {*leases, *reserved, first.gateway})
    try:
        address = ipaddress.ip_address(wish.address)
    except ValueError as error:
        raise InvalidSpec(
            f"network {network.name}: {wish.address!r} is not an IP address; choose one of {first.network}"
        ) from error
    subnet = next((subnet for subnet in network.subnets if address in subnet.network), first)
    ipam.check_requested(address, subnet.network, subnet.gateway)
    if address in leases:
        raise AddressTaken(
            f"address {address} of network {network.name} is taken by container {leases[address]}; choose another one"
        )
    return address


def _leases(db: sqlite3.Connection, network: Network) -> dict[IPAddress, str]:
    rows = db.execute(
        "SELECT address, containers.name FROM leases JOIN containers ON containers.id = container_id"
        " WHERE network_id = ?",
        (network.id,),
    )
    return {ipaddress.ip_address(row["address"]): row["name"] for row in rows}


def _connect(made: Sequence[Endpoint], namespace: int, routed: bool) -> None:
    done: list[Endpoint] = []
    with netns.entered(namespace):
        inside = Rtnetlink()  # belongs to the namespace in which it was opened, wherever this thread is later
    try:
        with inside, Rtnetlink() as host:
            for endpoint in made:
                _plug(host, endpoint, namespace)
                done.append(endpoint)
                routed = _configure(inside, endpoint, routed)
                host.settle(endpoint.host_interface)
    except BaseException:
        for endpoint in done:
            _take_away(endpoint.host_interface, Rtnetlink.delete)
        raise


def _configure(inside: Rtnetlink, endpoint: Endpoint, routed: bool) -> bool:
    """Set the container's end up; return whether there is a default route now."""
    inside.add_address(endpoint.interface, ipaddress.ip_interface(f"{endpoint.address}/{endpoint.prefix_length}"))
    inside.set_up(endpoint.interface)
    if endpoint.gateway and not routed:
        inside.add_default_route(endpoint.interface, endpoint.gateway)
        return True
    return routed


def _plug(host: Rtnetlink, endpoint: Endpoint, namespace: int) -> None:
    network, mac = endpoint.network, bytes.fromhex(endpoint.mac.replace(":", ""))
    bridge_index, mtu = host.index(network.bridge), network.spec.mtu
    try:
        host.add_veth(endpoint.host_interface, bridge_index, mtu, namespace, endpoint.interface, mac)
    except OSError as error:
        if error.errno == errno.EXFULL:
            raise AddressTaken(
                f"network {network.name} is full: a bridge has at most 1023 ports; use another one"
            ) from error
        raise
    if not network.icc:
        host.isolate(endpoint.host_interface)


def _take_away(host_interface: str, how: Callable[[Rtnetlink, str], None]) -> None:
    with Rtnetlink() as netlink:
        try:
            how(netlink, host_interface)
        except OSError as error:
            if error.errno not in _GONE:
                raise
