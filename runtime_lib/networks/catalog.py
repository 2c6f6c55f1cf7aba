"""The networks of a host: making, finding, describing and removing them."""

from __future__ import annotations

import ipaddress
import os
import time
from contextlib import suppress
from datetime import datetime, timezone

from .. import eventlog
from ..errors import AddressTaken, Conflict, InUse, InvalidSpec, NameTaken, NetworkNotFound
from ..linux import nftables
from ..linux.netlink import bridges
from . import driver, firewall, ipam, swept
from .model import Network, Subnet, all_networks, endpoints
from .options import BRIDGE_NAME
from .spec import PREDEFINED, NetworkSpec

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3
    from typing import Any

    from ..store import Store
    from .model import Endpoint
    from .spec import IPNetwork, SubnetSpec

DEFAULT = "bridge"
_DEFAULT_INTERFACE = "skiff0"
_WITHOUT_BRIDGE = tuple(
    Network(name.encode().hex().ljust(64, "0"), NetworkSpec(name, driver=driver), (), 0)
    for name, driver in (("host", "host"), ("none", "null"))
)


def create(store: Store, spec: NetworkSpec) -> Network:
    """Make a network and what its driver needs on the host, and return it.

    Raises InvalidSpec, NameTaken, AddressTaken (a subnet overlaps), HostLacks (no pyroute2, no nft) and OSError;
    then nothing is left of it.
    """
    spec.check()
    if spec.name in PREDEFINED:
        raise NameTaken(f"network {spec.name} is predefined: choose another name")
    return _create(store, driver.of(spec.driver).prepare(store, spec))


def ensure_default(store: Store) -> Network:
    """Return the network `bridge`, made now if this is its first use."""
    with store.lock("network", DEFAULT):
        for network in all_networks(store):
            if network.name == DEFAULT:
                return network
        instance = store.layout.instance
        interface = f"{_DEFAULT_INTERFACE}-{instance}" if instance else _DEFAULT_INTERFACE
        return _create(store, NetworkSpec(DEFAULT, driver_options={BRIDGE_NAME: interface}))


def require(store: Store) -> None:
    """Raise HostLacks where containers cannot join networks. Bridges that are there need no pyroute2 any more."""
    nftables.program()
    if not all_networks(store):
        bridges.require()


def listing(store: Store) -> list[Network]:
    """Return all networks by name; `host` and `none` are always among them."""
    return sorted([*all_networks(store), *_WITHOUT_BRIDGE], key=lambda network: network.name)


def find(store: Store, ref: str) -> Network:
    """Return the network that a name, an id or the unique beginning of an id means. Raises NetworkNotFound.

    `default` means `bridge`; neither is there before its first use (`ensure_default`).
    """
    wanted = DEFAULT if ref == "default" else ref
    networks = listing(store)
    for network in networks:
        if wanted in (network.name, network.id):
            return network
    found = [network for network in networks if ref and network.id.startswith(ref)]
    if len(found) > 1:
        raise Conflict(f"{ref} is the beginning of {len(found)} network ids: give more of it")
    if not found:
        raise NetworkNotFound(f"there is no network {ref}: create it first")
    return found[0]


def remove(store: Store, ref: str) -> None:
    """Remove a network and its bridge. Raises NetworkNotFound, and InUse that names the containers on it.

    Other than with Docker, `bridge` may be removed too, so that a host can be left clean: its next use makes it again.
    """
    network = find(store, ref)
    if not network.subnets:
        raise InvalidSpec(f"network {network.name} is predefined and cannot be removed")
    with store.transaction(durable=True) as db:
        swept.sweep(db)
        names = [endpoint.names[0] for endpoint in endpoints(store, network_id=network.id)]
        if names:
            raise InUse(
                f"network {network.name} is in use by {', '.join(sorted(names))}: stop or disconnect them first"
            )
        # Before the row: an attachment makes a missing bridge anew.
        driver.of(network.driver).remove(store, network)
        db.execute("DELETE FROM networks WHERE id = ?", (network.id,))
    note(store, "destroy", network)
    firewall.sync(store)


def inspect(store: Store, ref: str) -> dict[str, Any]:
    """Return what `docker network inspect` tells."""
    network = find(store, ref)
    created = datetime.fromtimestamp(network.created // 10**9, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")
    return {
        "Name": network.name,
        "Id": network.id,
        "Created": f"{created}.{network.created % 10**9:09d}Z",
        "Scope": "local",
        "Driver": network.driver,
        "EnableIPv6": network.spec.enable_ipv6,
        "IPAM": {"Driver": "default", "Options": {}, "Config": _ipam_config(network)},
        "Internal": network.internal,
        "Attachable": network.spec.attachable,
        "Ingress": False,
        "ConfigFrom": {"Network": ""},
        "ConfigOnly": False,
        "Containers": {endpoint.container_id: _container(endpoint) for endpoint in endpoints(store, None, network.id)},
        "Options": dict(network.spec.driver_options),
        "Labels": dict(network.spec.labels),
        **_peers(network),
    }


def _create(store: Store, spec: NetworkSpec) -> Network:
    host = _host_networks(spec)
    with store.transaction(durable=True) as db:
        if db.execute("SELECT 1 FROM networks WHERE name = ?", (spec.name,)).fetchone():
            raise NameTaken(f"there is a network {spec.name} already: remove it, or choose another name")
        subnets = _choose(store, spec, host)
        network = Network(os.urandom(32).hex(), spec, subnets, time.time_ns())
        _insert(db, network)
    try:
        # After the rows: a kill leaves a network whose bridge an attachment makes.
        driver.of(spec.driver).ensure(store, network)
        firewall.sync(store)
    except BaseException:
        _undo(store, network)
        raise
    note(store, "create", network)
    return network


def note(store: Store, action: str, network: Network, **more: str) -> None:
    """Note in the log of events what has happened to a network."""
    said = {**more, "name": network.name, "type": network.driver}
    eventlog.append(store.layout.run, "network", (action,), network.id, said)


def _undo(store: Store, network: Network) -> None:
    with store.transaction() as db:
        db.execute("DELETE FROM networks WHERE id = ?", (network.id,))
    with suppress(OSError):  # the reason of the failure is what the user should see
        driver.of(network.driver).remove(store, network)


def _choose(store: Store, spec: NetworkSpec, host: list[tuple[str, IPNetwork]]) -> tuple[Subnet, ...]:
    others = all_networks(store)
    chosen: list[Subnet] = []
    # Where the host is not the gateway, the subnet is that of the wire, on which the host may be as well.
    elsewhere = host if driver.of(spec.driver).GATEWAY_ON_HOST else []
    for version in spec.versions:
        given = spec.of_version(version)
        for wanted in given:
            _check_free(wanted.network(), others, elsewhere)
        chosen += [Subnet(wanted.network(), wanted.gateway_address()) for wanted in given] or [
            _free_subnet(version, spec.name, others, host)
        ]
    return tuple(chosen)


def _free_subnet(version: int, name: str, others: list[Network], host: list[tuple[str, IPNetwork]]) -> Subnet:
    taken = [subnet.network for network in others for subnet in network.subnets]
    taken += [subnet for _interface, subnet in host]
    found = ipam.free_subnet(taken, name == DEFAULT) if version == 4 else ipam.local_subnet(taken)
    return Subnet(found, found[1])


def _check_free(wanted: IPNetwork, others: list[Network], host: list[tuple[str, IPNetwork]]) -> None:
    for network in others:
        if ipam.overlapping(wanted, [subnet.network for subnet in network.subnets]):
            raise AddressTaken(f"subnet {wanted} overlaps with network {network.name}: choose another one")
    ours = {network.bridge for network in others}
    for interface, subnet in host:
        if interface not in ours and ipam.overlapping(wanted, [subnet]):
            raise AddressTaken(f"subnet {wanted} overlaps with {subnet} on the host's {interface}: choose another one")


def _host_networks(spec: NetworkSpec) -> list[tuple[str, IPNetwork]]:
    """Return (interface, subnet) of the host's addresses and routes, but those of the spec's own bridge."""
    own = spec.driver_options.get(BRIDGE_NAME)
    found = [(name, ipaddress.ip_interface(text).network) for name, text in bridges.host_addresses()]
    found += [(name, ipaddress.ip_network(text, strict=False)) for name, text in bridges.host_routes()]
    return [(name, subnet) for name, subnet in found if name != own]


def _insert(db: sqlite3.Connection, network: Network) -> None:
    db.execute(
        "INSERT INTO networks (id, name, driver, spec, created) VALUES (?, ?, ?, ?, ?)",
        (network.id, network.name, network.driver, network.spec.to_json(), network.created),
    )
    for position, subnet in enumerate(network.subnets):
        db.execute(
            "INSERT INTO subnets (subnet, network_id, position, gateway) VALUES (?, ?, ?, ?)",
            (str(subnet.network), network.id, position, str(subnet.gateway)),
        )


def _ipam_config(network: Network) -> list[dict[str, Any]]:
    entries = []
    for version in network.spec.versions:
        given = network.spec.of_version(version)
        chosen = [subnet for subnet in network.subnets if subnet.network.version == version]
        entries += [_given_config(subnet) for subnet in given] or [
            {"Subnet": str(subnet.network), "Gateway": str(subnet.gateway)} for subnet in chosen
        ]
    return entries


def _peers(network: Network) -> dict[str, Any]:
    found = [{"Name": peer.name, "IP": peer.address} for peer in network.spec.peers]
    return {"Peers": found} if found else {}


def _given_config(subnet: SubnetSpec) -> dict[str, Any]:
    entry: dict[str, Any] = {"Subnet": subnet.subnet}
    if subnet.ip_range:
        entry["IPRange"] = subnet.ip_range
    if subnet.gateway:
        entry["Gateway"] = subnet.gateway
    if subnet.aux_addresses:
        entry["AuxiliaryAddresses"] = dict(subnet.aux_addresses)
    return entry


def _container(endpoint: Endpoint) -> dict[str, str]:
    return {
        "Name": endpoint.names[0],
        "EndpointID": endpoint.id,
        "MacAddress": endpoint.mac,
        "IPv4Address": f"{endpoint.ipv4}/{endpoint.prefix_length(4)}" if endpoint.ipv4 else "",
        "IPv6Address": f"{endpoint.ipv6}/{endpoint.prefix_length(6)}" if endpoint.ipv6 else "",
    }
