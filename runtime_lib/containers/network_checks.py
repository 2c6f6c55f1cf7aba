"""Whether the names, networks, addresses and ports of a description make sense: checks as in `checks`."""

from __future__ import annotations

from ..errors import InvalidSpec
from ..networks.names import check_name
from ..patterns import Pattern
from .parts import Attachment
from .spec import ContainerSpec

_HOSTNAME = Pattern(r"[a-zA-Z0-9]([a-zA-Z0-9_.-]*[a-zA-Z0-9])?\Z")
_PORT = Pattern(r"([0-9]{1,5})(-([0-9]{1,5}))?(/(tcp|udp|sctp))?\Z")
_MAC = Pattern(r"[0-9a-fA-F]{2}([:-][0-9a-fA-F]{2}){5}\Z")


def host_names(spec: ContainerSpec) -> None:
    """What is written into hostname, hosts and resolv.conf must not be able to add lines to them."""
    for what, value in (("hostname", spec.hostname), ("domainname", spec.domainname)):
        if value and (len(value) > 64 or not _HOSTNAME.match(value)):
            raise InvalidSpec(f"{what} {value[:80]!r}: use up to 64 letters, digits, '-', '_' and '.'")
    if spec.uts_mode not in ("", "private") and (spec.hostname or spec.domainname):
        raise InvalidSpec(
            f"hostname and domainname cannot be set together with uts_mode {spec.uts_mode}, which has its own"
        )
    for host, address in spec.etc_hosts.items():
        if not _HOSTNAME.match(host) or (address != "host-gateway" and not _is_address(address)):
            raise InvalidSpec(f"etc_hosts: {host!r} -> {address!r} is not a host name and an address")
    for server in spec.dns_servers:
        if not _is_address(server):
            raise InvalidSpec(f"dns_servers: {server!r} is not an address")
    for word in (*spec.dns_search, *spec.dns_options):
        if not word or any(sign.isspace() or ord(sign) < 33 for sign in word):
            raise InvalidSpec(f"dns setting {word!r} must be one word")


def network(spec: ContainerSpec) -> None:
    """Modes none, host and container share nothing with published ports and networks."""
    if not spec.network_mode:
        raise InvalidSpec("network_mode is empty: use bridge, none, host, container:NAME or the name of a network")
    if spec.network_mode.startswith("container:"):
        _of_another(spec)
    alone = spec.network_mode in ("none", "host") or spec.network_mode.startswith("container:")
    _links(spec, alone)
    if alone and spec.networks:
        raise InvalidSpec(f"networks cannot be joined with network_mode {spec.network_mode}")
    for attachment in spec.networks:
        _attachment(attachment)
    if spec.mac_address and not _MAC.match(spec.mac_address):
        raise InvalidSpec(f"mac_address {spec.mac_address!r} is not a MAC address")


def ports(spec: ContainerSpec) -> None:
    """Exposed ports are `80`, `80/udp` or `8000-8010/tcp`; published ones follow the parser of the networks."""
    for text in spec.exposed_ports:
        found = _PORT.match(text)
        if not found or not 1 <= int(found[1]) <= int(found[3] or found[1]) <= 65535:
            raise InvalidSpec(f"exposed_ports: {text!r} is not a port such as 80, 53/udp or 8000-8010/tcp")
    if spec.published_ports:
        from ..networks.ports import parse

        parse(spec.published_ports, spec.default_host_ip)


def _of_another(spec: ContainerSpec) -> None:
    if not spec.network_mode[10:]:
        raise InvalidSpec("network_mode 'container:' needs the name of a container")
    if spec.hostname or spec.published_ports or spec.publish_all_ports or spec.etc_hosts or spec.dns_servers:
        raise InvalidSpec("hostname, ports, etc_hosts and dns settings belong to the container that owns the network")


def _links(spec: ContainerSpec, alone: bool) -> None:
    for link in (*spec.links, *(text for entry in spec.networks for text in entry.links)):
        ref, colon, alias = link.partition(":")
        if not _HOSTNAME.match(ref) or (colon and not _HOSTNAME.match(alias)):
            raise InvalidSpec(f"links: {link!r} is not CONTAINER or CONTAINER:NAME")
    if alone and spec.links:
        raise InvalidSpec(f"links need a network, and network_mode {spec.network_mode} has none of the container's own")


def _attachment(attachment: Attachment) -> None:
    for alias in attachment.aliases:
        check_name(alias, f"network {attachment.name}: alias")
    if attachment.mac_address and not _MAC.match(attachment.mac_address):
        raise InvalidSpec(f"network {attachment.name}: {attachment.mac_address!r} is not a MAC address")
    for address in (attachment.ipv4_address, attachment.ipv6_address):
        if address and not _is_address(address):
            raise InvalidSpec(f"network {attachment.name}: {address!r} is not an address")
    if attachment.link_local_ips or attachment.driver_opts:
        from ..networks import wish

        link_local, driver_options = attachment.link_local_ips, attachment.driver_opts
        wish.Attachment(attachment.name, link_local=link_local, driver_options=driver_options).check()


def _is_address(text: str) -> bool:
    import socket

    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.inet_pton(family, text)
            return True
        except (OSError, ValueError):
            continue
    return False
