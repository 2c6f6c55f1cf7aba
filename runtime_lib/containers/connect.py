"""Join a container that exists to one more network, or take it out of one; both also while it runs."""

from __future__ import annotations

import json
import os
from dataclasses import replace

from ..errors import InvalidSpec, WrongState
from ..networks import attach, catalog
from ..store import Store
from .catalog import Container, find, state
from .namespaces import own_network
from .parts import Attachment
from .spec import ContainerSpec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..networks.model import Network

NONE = "none"


def connect(store: Store, ref: str, attachment: Attachment) -> None:
    """Join a container to a network, now and at every later start.

    Raises NetworkNotFound, WrongState when it is joined already, InvalidSpec when it has no network of its own,
    AddressTaken; then nothing has changed.
    """
    network = _network(store, attachment.name)
    container = find(store, ref)
    with store.lock("container", container.id):
        container = find(store, container.id)
        spec = joined(container, network, attachment)
        found = state(store, container)
        if found.running() and found.process:
            wish = attach.Attachment(
                network.name, attachment.ipv4_address or "", attachment.mac_address or "", attachment.aliases
            )
            namespace = os.open(f"/proc/{found.process.pid}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
            try:
                made = attach.attach(store, container.id, container.name, namespace, [wish])
            finally:
                os.close(namespace)
            _tell(store, made[-1].network.id)
        _save(store, container.id, spec)


def disconnect(store: Store, ref: str, network_ref: str) -> None:
    """Take a container out of a network. Raises NetworkNotFound, WrongState when it is not joined to it."""
    network = _network(store, network_ref)
    container = find(store, ref)
    with store.lock("container", container.id):
        container = find(store, container.id)
        spec = left(container, network)
        if state(store, container).running():
            attach.detach(store, container.id, network)
        _save(store, container.id, spec)


def joined(container: Container, network: Network, attachment: Attachment) -> ContainerSpec:
    """Return the description with one more network. Pure."""
    spec = container.spec
    if not own_network(spec):
        raise InvalidSpec(
            f"container {container.name} has network_mode {spec.network_mode}, so it cannot join a network"
        )
    if _is_joined(spec, network):
        raise WrongState(f"container {container.name} is connected to network {network.name} already")
    mode = attachment.name if spec.network_mode == NONE else spec.network_mode
    return replace(spec, network_mode=mode, networks=(*spec.networks, attachment))


def left(container: Container, network: Network) -> ContainerSpec:
    """Return the description with one network less; the next one takes its place as the first. Pure."""
    spec = container.spec
    if not _is_joined(spec, network):
        raise WrongState(f"container {container.name} is not connected to network {network.name}")
    rest = tuple(entry for entry in spec.networks if entry.name not in (network.name, network.id))
    mode = spec.network_mode
    if _means(mode, network):
        mode = rest[0].name if rest else NONE
    return replace(spec, network_mode=mode, networks=rest)


def _is_joined(spec: ContainerSpec, network: Network) -> bool:
    return any(_means(name, network) for name in (spec.network_mode, *(entry.name for entry in spec.networks)))


def _means(name: str, network: Network) -> bool:
    return name in (network.name, network.id) or (name == "default" and network.name == catalog.DEFAULT)


def _network(store: Store, ref: str) -> Network:
    return catalog.ensure_default(store) if ref in (catalog.DEFAULT, "default") else catalog.find(store, ref)


def _tell(store: Store, network_id: str) -> None:
    from ..networks import names

    names.refresh(store, network_id)


def _save(store: Store, container_id: str, spec: ContainerSpec) -> None:
    with store.transaction() as db:
        db.execute("UPDATE containers SET spec = ? WHERE id = ?", (json.dumps(spec.to_json()), container_id))
