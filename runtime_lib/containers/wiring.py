"""A container's network: which namespace, which networks and ports, and the files that name them.

The networks are imported where a container has some: one without pays nothing for them.
"""

from __future__ import annotations

import os

from ..linux import netns
from ..networks.namespace import new_namespace
from ..store import Store
from . import namespaces
from . import userns as id_ranges
from .catalog import Container
from .spec import ContainerSpec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..networks.ports import PortMapping
    from ..networks.wish import Attachment

_WITHOUT = ("none", "host")


def check(store: Store, spec: ContainerSpec) -> None:
    """Raise NetworkNotFound, InvalidSpec or HostLacks when a network of the description cannot be joined."""
    for attachment in attachments(spec):
        from ..networks import catalog

        catalog.require(store)
        if attachment.network not in (catalog.DEFAULT, "default"):
            catalog.joinable(store, attachment.network)


def connect(store: Store, container: Container) -> int:
    """Return the container's network namespace, connected, with its ports published; -1 for the host's.

    The files that name hosts and servers are written beside it. `disconnect` takes everything back.
    """
    from .host_files import write

    spec = container.spec
    if spec.network_mode == "host":
        write(store, container, [])
        return -1
    if not namespaces.own_network(spec):
        with netns.of(namespaces.owner(store, spec.network_mode)) as joined:
            return os.dup(joined)
    namespace = _fresh(store, container)
    try:
        endpoints = []
        wanted = attachments(spec)
        if wanted:
            from ..networks import attach, ports

            endpoints = attach.attach(store, container.id, container.name, namespace, wanted)
            ports.publish(store, container.id, mappings(store, container), endpoints)
        write(store, container, endpoints)
    except BaseException:
        os.close(namespace)
        raise
    return namespace


def _fresh(store: Store, container: Container) -> int:
    maps = id_ranges.mappings(store, container) if id_ranges.wanted(container.spec) else None
    if maps is None:
        return new_namespace()
    from ..linux import userns

    owner = userns.create(*maps)
    try:
        return new_namespace(owner)
    finally:
        os.close(owner)


def disconnect(store: Store, container_id: str) -> None:
    """Release addresses, ports and interfaces of a container, and tell its neighbours. May be repeated."""
    if not store.row("SELECT 1 FROM endpoints WHERE container_id = ?", (container_id,)):
        return
    from ..networks import attach

    attach.detach(store, container_id)


def attachments(spec: ContainerSpec) -> list[Attachment]:
    """Return the networks that a container joins, its `network_mode` first. Pure."""
    mode = spec.network_mode
    if mode in _WITHOUT or not namespaces.own_network(spec):
        return []
    from ..networks.wish import Attachment

    wanted = {entry.name: entry for entry in spec.networks}
    names = [mode, *(name for name in wanted if name != mode)]
    result = []
    for number, name in enumerate(names):
        entry = wanted.get(name)
        mac = (entry.mac_address if entry else None) or (spec.mac_address if number == 0 else None) or ""
        mac = mac.replace("-", ":")
        aliases = entry.aliases if entry else ()
        links = (*(spec.links if number == 0 else ()), *(entry.links if entry else ()))
        address, address6 = (entry.ipv4_address or "", entry.ipv6_address or "") if entry else ("", "")
        more = (entry.link_local_ips, entry.driver_opts, entry.gw_priority) if entry else ()
        result.append(Attachment(name, address, mac, aliases, address6, links, *more))
    return result


def mappings(store: Store, container: Container) -> tuple[PortMapping, ...]:
    """Return the ports to publish: those that were asked for, and with `publish_all_ports` all exposed ones."""
    from ..networks import ports

    spec = container.spec
    wanted = ports.parse(spec.published_ports, spec.default_host_ip)
    if not spec.publish_all_ports:
        return wanted
    taken = {(mapping.container_port, mapping.protocol) for mapping in wanted}
    every = ports.exposed(exposed(store, container), spec.default_host_ip)
    return (*wanted, *(one for one in every if (one.container_port, one.protocol) not in taken))


def exposed(store: Store, container: Container) -> list[str]:
    """Return the exposed ports of a container and of its image, as `80/tcp`."""
    from ..images import catalog as images
    from ..networks import ports

    declared = images.known(store, container.image_id).defaults.get("ExposedPorts")
    texts = [text for text in declared if isinstance(text, str)] if isinstance(declared, dict) else []
    return list(dict.fromkeys([*ports.spread(container.spec.exposed_ports), *texts]))
