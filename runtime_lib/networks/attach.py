"""Attaching a container's network namespace to networks, and detaching it."""

from __future__ import annotations

import errno
import ipaddress
import itertools
import os
from contextlib import suppress

from ..errors import AddressTaken, Conflict, InvalidSpec, WrongState
from ..jsontext import compact
from ..linux.netlink.link import Rtnetlink
from . import catalog, driver, firewall, ipam, links, names, options, readiness, swept
from .model import Endpoint, Network, endpoints
from .namespace import enable_ipv6, inside, set_sysctls
from .patience import patiently
from .wish import INTERFACE_NAME, Attachment

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence

    from ..store import Store
    from .driver import Driver
    from .options import IPAddress

# An interface that went with its namespace, or is about to.
_GONE = (errno.ENODEV, errno.ENETDOWN, errno.EOPNOTSUPP, errno.EINVAL)


def attach(
    store: Store, container_id: str, name: str, namespace: int, attachments: Sequence[Attachment]
) -> list[Endpoint]:
    """Attach a namespace to networks, in their order as eth0, eth1, ..., and return all of its endpoints.

    The default route goes by the first network that is not internal, or by one of a higher priority. Missing bridges
    are made again. Raises NetworkNotFound, InvalidSpec, AddressTaken, HostLacks and OSError; then nothing is left.
    """
    for wish in attachments:
        wish.check()
    networks = [catalog.joinable(store, wish.network) for wish in attachments]
    with store.transaction() as db:
        robbed = swept.sweep(store, db)
        before = endpoints(store, container_id)
        mark = _mark(namespace)
        free = _free_interfaces({endpoint.interface for endpoint in before}, attachments)
        for network, wish in zip(networks, attachments):
            _check_versions(network, wish)
            catalog.find(store, network.id)  # somebody may have removed it until the transaction began
            query = "SELECT 1 FROM endpoints WHERE container_id = ? AND network_id = ?"
            if db.execute(query, (container_id, network.id)).fetchone():
                raise WrongState(f"container {name} is on network {network.name} already; disconnect it first")
            _check_room(store, network)
            driver.of(network.driver).ensure(store, network)
            _reserve(db, container_id, name, network, wish, wish.interface or next(free), mark)
            if wish.links:
                links.reserve(db, container_id, network, wish.links, endpoints(store, network_id=network.id))
        made = endpoints(store, container_id)
        fresh = [endpoint for endpoint in made if endpoint not in before]
        plug(fresh, namespace, _routed(before))
        if any(endpoint.priority for endpoint in made):
            reroute(store, container_id, namespace)
    for other in robbed:
        from . import mending

        with suppress(Conflict):  # what is in its way is between it and the host, and keeps nobody else from joining
            mending.restore(store, (other,))
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
            _take_away(endpoint, ended=network is None)
            _forget(db, endpoint)
        if network is None:
            swept.forget(db, container_id)
        changed = ports != db.execute("SELECT count(*) FROM ports").fetchone()
    if changed:  # the rules depend on nothing else that went away
        firewall.sync(store)
    for endpoint in gone:
        catalog.note(store, "disconnect", endpoint.network, container=container_id)
        names.refresh(store, endpoint.network.id, container_id)


def reroute(store: Store, container_id: str, namespace: int, preferred: str = "") -> None:
    """Let the default routes of a running container go by the first of its networks that is not internal.

    A higher priority comes first, then the network with the id `preferred`; without either a default route stays that
    is there.
    """
    present = endpoints(store, container_id)
    present.sort(key=lambda endpoint: (-endpoint.priority, endpoint.network.id != preferred))
    forced = bool(preferred) or any(endpoint.priority for endpoint in present)
    with inside(namespace) as netlink:
        for version in (4, 6):
            first = next((endpoint for endpoint in present if endpoint.leads_out(version)), None)
            if first is not None:
                with suppress(FileExistsError):
                    netlink.add_default_route(first.interface, first.gateway(version), version, forced)


def _routed(present: Sequence[Endpoint]) -> set[int]:
    """Return the IP versions for which there is a default route."""
    return {version for endpoint in present for version in (4, 6) if endpoint.leads_out(version)}


def _forget(db: sqlite3.Connection, endpoint: Endpoint) -> None:
    for table in ("leases", "endpoints"):
        query = f"DELETE FROM {table} WHERE container_id = ? AND network_id = ?"
        db.execute(query, (endpoint.container_id, endpoint.network.id))
    for address in endpoint.addresses:
        query = "DELETE FROM ports WHERE container_id = ? AND container_ip = ?"
        db.execute(query, (endpoint.container_id, str(address)))


def _check_versions(network: Network, wish: Attachment) -> None:
    for version, address in ((4, wish.address), (6, wish.address6)):
        if address and version not in network.spec.versions:
            raise InvalidSpec(f"network {network.name} has no IPv{version}: leave the address {address} out")
    for place in map(ipaddress.ip_interface, wish.places()):
        if place.version not in network.spec.versions:
            raise InvalidSpec(f"network {network.name} has no IPv{place.version}: leave the address {place.ip} out")


def _check_room(store: Store, network: Network) -> None:
    present = endpoints(store, network_id=network.id) if network.single else ()
    for other in present:
        raise AddressTaken(
            f"network {network.name} (passthru) has place for one container, and {other.names[0]} is on it"
        )


def _free_interfaces(taken: set[str], wishes: Sequence[Attachment]) -> Iterator[str]:
    wanted = ["lo", *taken, *(wish.interface for wish in wishes if wish.interface)]
    for name in wanted:
        if wanted.count(name) > 1:
            raise InvalidSpec(f"{INTERFACE_NAME}: the container has an interface {name} already; choose another name")
    taken = set(wanted)
    return (f"eth{number}" for number in itertools.count() if f"eth{number}" not in taken)


def _mark(namespace: int) -> str:
    """Return the mark of a namespace, also where no endpoint needs it yet.

    Otherwise the kernel would give it a small number with its first veth, which another one gets when it is gone.
    """
    with Rtnetlink() as host:
        return swept.mark(host.mark_namespace(namespace))


def _reserve(
    db: sqlite3.Connection, container_id: str, name: str, network: Network, wish: Attachment, interface: str, mark: str
) -> None:
    addresses = [_address(db, network, wish, version) for version in network.spec.versions]
    db.execute(
        "INSERT INTO endpoints (id, container_id, network_id, interface, host_interface, mac, names,"
        " settings) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            os.urandom(32).hex(),
            container_id,
            network.id,
            interface,
            f"sv{os.urandom(5).hex()}" if driver.of(network.driver).HOST_END else mark,
            _mac(network, wish, addresses[0]),
            compact([name, *wish.aliases, container_id[:12]]),
            compact(wish.settings()),
        ),
    )
    for address in addresses:
        db.execute(
            "INSERT INTO leases (network_id, address, container_id) VALUES (?, ?, ?)",
            (network.id, str(address), container_id),
        )


def _mac(network: Network, wish: Attachment, address: IPAddress) -> str:
    if not network.shares_mac:
        return wish.mac.lower() or ipam.mac_of(address).hex(":")
    if wish.mac:
        raise InvalidSpec(
            f"network {network.name}: with {network.driver} all have the host's MAC address; leave {wish.mac} out"
        )
    return ""


def _address(db: sqlite3.Connection, network: Network, wish: Attachment, version: int) -> IPAddress:
    leases, wanted = _leases(db, network), wish.address if version == 4 else wish.address6
    subnets = [subnet for subnet in network.subnets if subnet.network.version == version]
    given = network.spec.of_version(version)
    reserved = {ipaddress.ip_address(text) for subnet in given for text in subnet.aux_addresses.values()}
    if not wanted:
        ranges = [subnet.range() for subnet in given] or [subnet.network for subnet in subnets]
        taken = {*leases, *reserved, *(subnet.gateway for subnet in subnets)}
        return ipam.free_address([subnet.network for subnet in subnets], ranges, taken)
    address = options.address(f"network {network.name}", wanted, version)
    subnet = next((subnet for subnet in subnets if address in subnet.network), subnets[0])
    ipam.check_requested(address, subnet.network, subnet.gateway)
    ipam.check_own(address, network.part(subnet))
    if address in reserved:
        raise AddressTaken(
            f"address {address} of network {network.name} is one of its aux_addresses; choose another one"
        )
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


def plug(made: Sequence[Endpoint], namespace: int, routed: set[int]) -> None:
    """Make the interfaces of endpoints, on both ends. `routed` are the IP versions that have a default route already.

    Raises OSError; then none of them is left.
    """
    done: list[Endpoint] = []
    try:
        with inside(namespace) as own, Rtnetlink() as host:
            for endpoint in made:
                its = driver.of(endpoint.network.driver)
                _plug(its, host, own, endpoint, namespace)
                done.append(endpoint)
                if endpoint.ipv6:
                    enable_ipv6(namespace, endpoint.interface)
                set_sysctls(namespace, endpoint.interface, endpoint.sysctls)
                _configure(own, endpoint, routed)
                its.settle(host, endpoint)
            for endpoint in done:
                readiness.answering(own, endpoint.interface, [endpoint.ipv6.packed] if endpoint.ipv6 else ())
    except BaseException:
        for endpoint in done:
            _take_away(endpoint, ended=False)
        raise


def _plug(its: Driver, host: Rtnetlink, own: Rtnetlink, endpoint: Endpoint, namespace: int) -> None:
    try:
        its.plug(host, endpoint, namespace)
    except FileExistsError:  # somebody was killed who was about to connect this container
        own.delete(endpoint.interface)
        its.plug(host, endpoint, namespace)


def _configure(own: Rtnetlink, endpoint: Endpoint, routed: set[int]) -> None:
    """Set the container's end up. `routed` are the IP versions that have a default route; it gets those of this one."""
    for address in endpoint.addresses:
        place = ipaddress.ip_interface(f"{address}/{endpoint.prefix_length(address.version)}")
        # ipvlan has each address once on a parent
        patiently((errno.EADDRINUSE,), own.add_address, endpoint.interface, place)
    for further in endpoint.link_local:
        own.add_address(endpoint.interface, further)
    own.set_up(endpoint.interface)
    for version in (4, 6):
        if endpoint.leads_out(version) and version not in routed:
            own.add_default_route(endpoint.interface, endpoint.gateway(version), version)
            routed.add(version)


def _take_away(endpoint: Endpoint, ended: bool) -> None:
    with Rtnetlink() as netlink:
        try:
            driver.of(endpoint.network.driver).unplug(netlink, endpoint, ended)
        except OSError as error:
            if error.errno not in _GONE:
                raise
