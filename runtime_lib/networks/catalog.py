"""The networks of a host: making, finding, describing and removing them."""

from __future__ import annotations

import ipaddress
import os
import time
from contextlib import suppress

from .. import eventlog
from ..errors import AddressTaken, Conflict, InUse, InvalidSpec, NameTaken, NetworkNotFound
from ..linux import nftables
from ..linux.netlink import bridges
from . import configurations, driver, firewall, ipam, swept
from .model import Network, Subnet, all_networks, endpoints, stored
from .options import BRIDGE_NAME
from .spec import RESERVED, NetworkSpec

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3
    from typing import Any

    from ..store import Store
    from .spec import IPNetwork

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
    prepared = _prepared(store, spec)
    return _create_configuration(store, prepared) if spec.config_only else _create(store, prepared)


def check_new(store: Store, spec: NetworkSpec) -> None:
    """Raise what `create` would raise before it makes anything."""
    prepared = _prepared(store, spec)
    if not spec.config_only:
        _choose(store, prepared, _host_networks(prepared))


def _prepared(store: Store, spec: NetworkSpec) -> NetworkSpec:
    spec.check()
    if spec.name in RESERVED:
        raise NameTaken(f"network {spec.name} is predefined: choose another name")
    if spec.config_only:
        return spec
    spec = configurations.applied(store, spec)
    spec.check()
    return driver.of(spec.driver).prepare(store, spec)


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
    return sorted([*stored(store), *_WITHOUT_BRIDGE], key=lambda network: network.name)


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
        hint = "the first container on it makes it" if wanted == DEFAULT else "create it first"
        raise NetworkNotFound(f"there is no network {ref}: {hint}")
    return found[0]


def remove(store: Store, ref: str) -> None:
    """Remove a network and its bridge. Raises NetworkNotFound, and InUse that names the containers on it.

    Other than with Docker, `bridge` may be removed too, so that a host can be left clean: its next use makes it again.
    """
    network = find(store, ref)
    if network in _WITHOUT_BRIDGE:
        raise InvalidSpec(f"network {network.name} is predefined and cannot be removed")
    if network.spec.config_only:
        return _remove_configuration(store, network)
    with store.transaction(durable=True) as db:
        swept.sweep(store, db)
        names = [endpoint.names[0] for endpoint in endpoints(store, network_id=network.id)]
        if names:
            raise InUse(
                f"network {network.name} is in use by {', '.join(sorted(names))}: stop or disconnect them first"
            )
        # Before the row: an attachment makes a missing bridge anew.
        driver.of(network.driver).remove(store, network)
        db.execute("DELETE FROM networks WHERE id = ?", (network.id,))
        firewall.sync(store)  # while the row counts: after a kill the next removal would find nothing to do
    note(store, "destroy", network)
    firewall.sync(store)  # somebody may have put the rules back who saw the row until now


def joinable(store: Store, ref: str) -> Network:
    """Return a network that containers can join; `bridge` is made now if this is its first use.

    Raises NetworkNotFound, and InvalidSpec for `host`, `none` and configurations.
    """
    if ref in (DEFAULT, "default"):
        return ensure_default(store)
    network = find(store, ref)
    if network.spec.config_only:
        raise InvalidSpec(f"network {network.name} is only a configuration for others, which no container can join")
    if not network.subnets:
        raise InvalidSpec(f"network {network.name} cannot be joined by name: use network_mode {network.name}")
    return network


def inspect(store: Store, ref: str) -> dict[str, Any]:
    """Return what `docker network inspect` tells. Raises NetworkNotFound."""
    network = find(store, ref)
    from .described import described  # with datetime, which no start needs

    return described(network, endpoints(store, None, network.id))


def _create(store: Store, spec: NetworkSpec) -> Network:
    host = _host_networks(spec)
    with store.transaction(durable=True) as db:
        _check_new(db, spec.name)
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


def _create_configuration(store: Store, spec: NetworkSpec) -> Network:
    network = Network(os.urandom(32).hex(), spec, (), time.time_ns())
    with store.transaction(durable=True) as db:
        _check_new(db, spec.name)
        _insert(db, network)
    note(store, "create", network)
    return network


def _remove_configuration(store: Store, network: Network) -> None:
    with store.transaction(durable=True) as db:
        users = [other.name for other in all_networks(store) if other.spec.config_from == network.name]
        if users:
            raise InUse(f"configuration {network.name} is in use by the networks {', '.join(users)}: remove them first")
        db.execute("DELETE FROM networks WHERE id = ?", (network.id,))
    note(store, "destroy", network)


def _check_new(db: sqlite3.Connection, name: str) -> None:
    if db.execute("SELECT 1 FROM networks WHERE name = ?", (name,)).fetchone():
        raise NameTaken(f"there is a network {name} already: remove it, or choose another name")


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
    elsewhere = host if Network("", spec, (), 0).hosted else []
    for version in spec.versions:
        given = spec.of_version(version)
        for wanted in given:
            _check_free(wanted.network(), others, elsewhere)
        chosen += [Subnet(wanted.network(), wanted.gateway_address()) for wanted in given] or [
            _free_subnet(store, version, spec.name, others, host)
        ]
    return tuple(chosen)


def _free_subnet(
    store: Store, version: int, name: str, others: list[Network], host: list[tuple[str, IPNetwork]]
) -> Subnet:
    from . import pools  # with json, which no start needs

    taken = [subnet.network for network in others for subnet in network.subnets]
    taken += [subnet for _interface, subnet in host]
    chosen = pools.of_version(pools.of_host(store.layout), version)
    found = ipam.free_subnet(chosen, taken, name == DEFAULT) if chosen else ipam.local_subnet(taken)
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
