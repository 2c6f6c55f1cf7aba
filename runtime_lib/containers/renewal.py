"""Making a network anew while containers are on it: they get their addresses, names and ports again.

What they had is noted in the store before the first one leaves. So when this is killed in between, the next call knows
whom to bring back; the containers themselves still say that they are on the network, by its name.
"""

from __future__ import annotations

import ipaddress

from ..errors import AddressTaken, NetworkNotFound, SkiffError
from ..jsontext import compact, parse
from ..linux import netns
from ..networks import attach, names
from ..networks import catalog as networks
from ..networks.model import Published, endpoints
from ..networks.spec import NetworkSpec
from ..records import asdict, replace
from ..store import Store
from . import published, wiring
from .catalog import Container, find, listing, state
from .update import save

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..networks.model import Endpoint, Network
    from ..networks.wish import Attachment as Wish
    from .parts import Attachment
    from .spec import ContainerSpec


def renew(store: Store, spec: NetworkSpec) -> None:
    """Make the network of that name as `spec` says, with the containers of the one that is there or was.

    What a kill left undone is finished. A fixed address that is in no subnet of the new network is given up.
    When the new network cannot be made, the old one is there again, and the error is raised.
    """
    spec.check()
    try:
        old = networks.find(store, spec.name)
    except NetworkNotFound:
        network = networks.create(store, spec)
    else:
        _leave(store, old)
        network = _replaced(store, old, spec)
    _adapt(store, network)
    _rejoin(store, network)


def interrupted(store: Store, name: str) -> NetworkSpec | None:
    """Return what the network was that is being made anew, or was when that was killed; None when it is not."""
    row = store.row("SELECT spec FROM renewals WHERE network = ?", (name,))
    return NetworkSpec.from_json(row["spec"]) if row else None


def recover(store: Store, name: str) -> None:
    """Bring back the containers that a killed `renew` has taken out of a network; without any, the old one."""
    old = interrupted(store, name)
    try:
        network = networks.find(store, name)
    except NetworkNotFound:
        if old is None:
            raise
        network = networks.create(store, old)
    _rejoin(store, network)


def _leave(store: Store, network: Network) -> None:
    _by_name(store, network)
    present = endpoints(store, network_id=network.id)
    with store.transaction(durable=True) as db:
        query = "INSERT OR IGNORE INTO renewals (network, spec) VALUES (?, ?)"
        db.execute(query, (network.name, _again(network).to_json()))
        for endpoint in present:
            query = "INSERT OR IGNORE INTO rejoining (network, container_id, kept) VALUES (?, ?, ?)"
            db.execute(query, (network.name, endpoint.container_id, compact(_kept(store, endpoint))))
    for endpoint in present:
        with store.lock("container", endpoint.container_id):
            attach.detach(store, endpoint.container_id, network)


def _by_name(store: Store, network: Network) -> None:
    """Let containers that name the network by its id name it by its name, for the id will change."""

    def named(ref: str) -> str:
        return network.name if len(ref) >= 4 and ref != network.name and network.id.startswith(ref) else ref

    for container in listing(store):
        spec = container.spec
        entries = tuple(replace(entry, name=named(entry.name)) for entry in spec.networks)
        changed = replace(spec, network_mode=named(spec.network_mode), networks=entries)
        if changed != spec:
            save(store, container, changed)


def _again(network: Network) -> NetworkSpec:
    """Return what to ask for to get a network like this one, with the subnets that were chosen for it."""
    spec = network.spec
    if spec.config_from:
        plain = NetworkSpec(spec.name, spec.driver, config_from=spec.config_from)
        return replace(plain, internal=spec.internal, attachable=spec.attachable)
    return replace(spec, subnets=network.subnet_specs, adopted=False)


def _rejoin(store: Store, network: Network) -> None:
    for row in store.query("SELECT container_id, kept FROM rejoining WHERE network = ?", (network.name,)):
        with store.lock("container", row["container_id"]):
            _join(store, find(store, row["container_id"]), network, parse(row["kept"]))
            with store.transaction() as db:
                query = "DELETE FROM rejoining WHERE network = ? AND container_id = ?"
                db.execute(query, (network.name, row["container_id"]))
    with store.transaction() as db:
        db.execute("DELETE FROM renewals WHERE network = ?", (network.name,))


def _kept(store: Store, endpoint: Endpoint) -> dict[str, Any]:
    own = [str(address) for address in endpoint.addresses]
    its = [one for one in published.present(store, endpoint.container_id) if one.container_ip in own]
    return {"addresses": own, "mac": endpoint.mac, "ports": [list(asdict(one).values()) for one in its]}


def _replaced(store: Store, old: Network, spec: NetworkSpec) -> Network:
    networks.remove(store, old.id)
    try:
        return networks.create(store, spec)
    except (SkiffError, OSError):
        _rejoin(store, networks.create(store, _again(old)))
        raise


def _adapt(store: Store, network: Network) -> None:
    """Let containers give up fixed addresses that the network does not have."""
    for container in listing(store):
        spec = container.spec
        entries = tuple(_fitting(entry, network) if entry.name == network.name else entry for entry in spec.networks)
        if entries != spec.networks:
            save(store, container, replace(spec, networks=entries))


def _fitting(entry: Attachment, network: Network) -> Attachment:
    return replace(
        entry,
        ipv4_address=entry.ipv4_address if _has(network, entry.ipv4_address) else None,
        ipv6_address=entry.ipv6_address if _has(network, entry.ipv6_address) else None,
    )


def _has(network: Network, text: str | None) -> bool:
    if not text:
        return False
    address = ipaddress.ip_address(text)
    return any(address in network.part(subnet) and address != subnet.gateway for subnet in network.subnets)


def _join(store: Store, container: Container, network: Network, kept: dict[str, Any]) -> None:
    process = state(store, container).process
    wish = _wish(container.spec, network, kept)
    if process is None or wish is None:
        return  # it has ended, or left the network meanwhile
    try:
        with netns.of(process) as namespace:
            made = _attached(store, container, network, namespace, wish)
            published.again(store, container, made, [Published(*row) for row in kept["ports"]])
            attach.reroute(store, container.id, namespace)
    except ProcessLookupError:
        return
    names.refresh(store, network.id)


def _wish(spec: ContainerSpec, network: Network, kept: dict[str, Any]) -> Wish | None:
    """Return how the container joins, with the addresses that it had, as far as the network has them."""
    wish = next((one for one in wiring.attachments(spec) if one.network == network.name), None)
    if wish is None:
        return None
    found = {ipaddress.ip_address(text).version: text for text in kept["addresses"] if _has(network, text)}
    mac = "" if network.shares_mac else kept["mac"]
    return replace(
        wish, address=wish.address or found.get(4, ""), address6=wish.address6 or found.get(6, ""), mac=wish.mac or mac
    )


def _attached(store: Store, container: Container, network: Network, namespace: int, wish: Wish) -> list[Endpoint]:
    if endpoints(store, container.id, network.id):
        return endpoints(store, container.id)  # it never left, or was back already
    try:
        return attach.attach(store, container.id, container.name, namespace, [wish])
    except AddressTaken:  # by a container that has started meanwhile, or by the network itself
        free = replace(wish, address="", address6="")
        return attach.attach(store, container.id, container.name, namespace, [free])
