"""The files of the container folder that a container sees as /etc/hosts, /etc/hostname and /etc/resolv.conf."""

from __future__ import annotations

import os

from ..networks import names
from ..store import Store, write_file
from .catalog import Container, find
from .namespaces import own_network

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..networks.model import Endpoint


def write(store: Store, container: Container, endpoints: Sequence[Endpoint]) -> None:
    """Write the three files, readable for everybody in the container, and tell the neighbours about it."""
    spec = container.spec
    folder = store.layout.container(container.id)
    host = names.host_resolv_conf()
    own = own_network(spec)
    versions = [version for version in (4, 6) if any(one.leads_out(version) for one in endpoints)] or [4]
    resolv = names.resolv_text(host, spec.dns_servers, spec.dns_search, spec.dns_options, own, versions)
    for name, text in (
        ("hosts", _hosts(store, container, endpoints)),
        ("hostname", f"{hostname(store, container)}\n"),
        ("resolv.conf", resolv),
    ):
        write_file(f"{folder}/{name}", text.encode(), 0o644)
    for endpoint in endpoints:
        names.refresh(store, endpoint.network.id)


def _hosts(store: Store, container: Container, endpoints: Sequence[Endpoint]) -> str:
    spec = container.spec
    gateway = _host_gateway(endpoints)
    extra = [(name, gateway if text == "host-gateway" else text) for name, text in spec.etc_hosts.items()]
    if spec.network_mode == "host":
        with open("/etc/hosts", encoding="utf-8", errors="replace") as file:
            return names.host_network_hosts_text(file.read(), extra)
    return names.hosts_text(hostname(store, container), spec.domainname, endpoints, extra)


def _host_gateway(endpoints: Sequence[Endpoint]) -> str:
    """Return the host's address as the container sees it; behind another machine's gateway, that machine's."""
    for version in (4, 6):
        subnets = [endpoint.subnet(version) for endpoint in endpoints if endpoint.network.hosted]
        addresses = [*(subnet and subnet.gateway for subnet in subnets), *(one.gateway(version) for one in endpoints)]
        for address in filter(None, addresses):
            return str(address)
    return "127.0.0.1"


def hostname(store: Store, container: Container) -> str:
    """Return the name given, else the host's where its network or UTS namespace is shared, else the short id.

    Who shares another container's network shares its name as well.
    """
    spec = container.spec
    if spec.uts_mode.startswith("container:"):
        return hostname(store, find(store, spec.uts_mode[10:]))
    if spec.uts_mode == "host" or (spec.network_mode == "host" and not spec.hostname):
        return os.uname().nodename
    if spec.network_mode.startswith("container:"):
        return hostname(store, find(store, spec.network_mode[10:]))
    return spec.hostname or container.id[:12]
