"""Bridges and the host's routes, by pyroute2: used when a network is made or removed, never at a container's start."""

from __future__ import annotations

import errno
import ipaddress
import os
import sys
from contextlib import contextmanager

from ...errors import HostLacks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any


_IFA_F_NODAD = 2  # usable at once: nobody else can have it on a bridge that is new
_LACKING = "networks need pyroute2 on the host: install the package python3-pyroute2"


def require() -> None:
    """Raise HostLacks without pyroute2, which is not imported for that."""
    from importlib.machinery import PathFinder

    _reach_packages()
    found = PathFinder.find_spec("pyroute2")
    if found is None or found.origin is None:  # a folder without a module is a namespace package
        raise HostLacks(_LACKING)


def _reach_packages() -> None:
    if sys.flags.no_site:
        # The host command starts without `site`, which costs each call more than a network here and there.
        import site

        sys.path += [path for path in site.getsitepackages() if path not in sys.path]


@contextmanager
def _iproute() -> Iterator[Any]:
    """Give pyroute2's IPRoute; its NetlinkError, which is no OSError, becomes one with errno."""
    _reach_packages()
    try:
        from pyroute2 import IPRoute
        from pyroute2.netlink.exceptions import NetlinkError
    except ImportError as error:
        raise HostLacks(_LACKING) from error
    try:
        with IPRoute() as iproute:
            yield iproute
    except NetlinkError as error:
        raise OSError(error.code, str(error.args[-1])) from error


def create_bridge(name: str, mtu: int, alias: str) -> None:
    """Make a bridge, which is not up yet; one that exists already is kept, and one of this alias gets its name back.

    It has a MAC address of its own: otherwise it would take the lowest one of its ports, and change it with them.
    Raises OSError, and HostLacks without pyroute2.
    """
    with _iproute() as iproute:
        if not iproute.link_lookup(ifname=name):
            for index in _with_alias(iproute, alias):
                iproute.link("set", index=index, state="down")  # one that is up keeps its name before Linux 6.2
                iproute.link("set", index=index, ifname=name)
                return
            address = f"02:42:{os.urandom(4).hex(':')}"
            iproute.link("add", ifname=name, kind="bridge", mtu=mtu, address=address)
        elif not iproute.link_lookup(ifname=name, kind="bridge"):
            raise OSError(errno.EEXIST, "an interface of this name exists and is not a bridge", name)
        (index,) = iproute.link_lookup(ifname=name)
        iproute.link("set", index=index, IFLA_IFALIAS=alias)


def _with_alias(iproute: Any, alias: str) -> list[int]:
    return [link["index"] for link in iproute.get_links() if link.get_attr("IFLA_IFALIAS") == alias]


def complete_addresses(name: str, addresses: list[str]) -> None:
    """Give an interface those of the addresses ("172.17.0.1/16") that it lacks. Raises OSError."""
    with _iproute() as iproute:
        (index,) = iproute.link_lookup(ifname=name)
        present = {_address_of(message) for message in iproute.get_addr(index=index)}
        for interface in [ipaddress.ip_interface(address) for address in addresses]:
            if interface not in present:
                iproute.addr("add", index=index, **_words(interface))


def _words(interface: Any) -> dict[str, Any]:
    found = {"address": str(interface.ip), "prefixlen": interface.network.prefixlen}
    last = str(interface.network.broadcast_address)
    return {**found, **({"broadcast": last} if interface.version == 4 else {"flags": _IFA_F_NODAD})}


def delete_link(name: str, alias: str = "") -> None:
    """Delete an interface, or if there is none of that name the one of that alias; nothing happens without either."""
    with _iproute() as iproute:
        for index in iproute.link_lookup(ifname=name) or (_with_alias(iproute, alias) if alias else ()):
            iproute.link("del", index=index)


def host_addresses() -> list[tuple[str, str]]:
    """Return (interface, "address/prefix length") of every address of the host."""
    with _iproute() as iproute:
        names = {link["index"]: link.get_attr("IFLA_IFNAME") for link in iproute.get_links()}
        return [(names.get(message["index"], "?"), str(_address_of(message))) for message in iproute.get_addr()]


def host_routes() -> list[tuple[str, str]]:
    """Return (interface, "network/prefix length") of every route of the main table except default routes."""
    with _iproute() as iproute:
        names = {link["index"]: link.get_attr("IFLA_IFNAME") for link in iproute.get_links()}
        return [
            (names.get(route.get_attr("RTA_OIF"), "?"), f"{route.get_attr('RTA_DST')}/{route['dst_len']}")
            for route in iproute.get_routes(table=254)
            if route.get_attr("RTA_DST")
        ]


def default_gateways() -> list[tuple[str, str]]:
    """Return (interface, address of the gateway) of each default route of the main table."""
    with _iproute() as iproute:
        names = {link["index"]: link.get_attr("IFLA_IFNAME") for link in iproute.get_links()}
        return [
            (names.get(route.get_attr("RTA_OIF"), "?"), route.get_attr("RTA_GATEWAY"))
            for route in iproute.get_routes(table=254)
            if not route.get_attr("RTA_DST") and route.get_attr("RTA_GATEWAY")
        ]


def _address_of(message: Any) -> Any:
    local = message.get_attr("IFA_LOCAL") or message.get_attr("IFA_ADDRESS")
    return ipaddress.ip_interface(f"{local}/{message['prefixlen']}")
