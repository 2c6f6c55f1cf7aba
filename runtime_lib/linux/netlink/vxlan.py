"""VXLAN interfaces with their forwarding entries, by pyroute2."""

from __future__ import annotations

import errno

from ...errors import HostLacks
from . import messages
from .bridges import _iproute

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    # (kind, hardware address, host or IP address); the kinds are those of `entries`
    Entry = tuple[str, str, str]

_SELF, _MASTER = 0x02, 0x04  # NTF_: of the interface itself, of its bridge (linux/neighbour.h)
_NOARP, _PERMANENT = 0x40, 0x80  # NUD_


def create(
    name: str, bridge: str, vni: int, port: int, mtu: int, local: str = "", link: str = "", learning: bool = True
) -> None:
    """Make a VXLAN interface as a port of a bridge, not up yet; one that exists is kept.

    `local` is the address that it sends from, `link` the only interface that it uses (with a link-local address).
    Raises HostLacks without VXLAN in the kernel, and OSError (EEXIST: another interface has this VNI and port).
    """
    settings: dict[str, Any] = {"vxlan_id": vni, "vxlan_port": port, "vxlan_learning": learning, "mtu": mtu}
    if local:
        settings["vxlan_local6" if ":" in local else "vxlan_local"] = local
    try:
        with _iproute() as netlink:
            if not netlink.link_lookup(ifname=name):
                if link:
                    settings["vxlan_link"] = _index(netlink, link)
                netlink.link("add", ifname=name, kind="vxlan", **settings)
            netlink.link("set", index=_index(netlink, name), master=_index(netlink, bridge))
            # The bridge answers who asks for an address that it knows, instead of asking all hosts (Linux 4.15).
            netlink.brport("set", index=_index(netlink, name), neigh_suppress=1, learning=int(learning))
    except OSError as error:
        if error.errno == errno.EOPNOTSUPP:
            raise HostLacks("overlay networks need VXLAN in the kernel: its module vxlan is missing") from error
        raise


def in_use(vni: int, port: int) -> str:
    """Return the name of the interface that has this VNI and port, "" when there is none."""
    with _iproute() as netlink:
        for link in netlink.get_links(kind="vxlan"):
            data = link.get_nested("IFLA_LINKINFO", "IFLA_INFO_DATA")
            if data is None:
                continue
            if data.get_attr("IFLA_VXLAN_ID") == vni and data.get_attr("IFLA_VXLAN_PORT") == port:
                return str(link.get_attr("IFLA_IFNAME"))
    return ""


def path_to(address: str) -> tuple[str, int]:
    """Return the interface by which a host is reached, and its MTU in bytes. Raises OSError without a route."""
    with _iproute() as netlink:
        (route,) = netlink.route("get", dst=address)
        (link,) = netlink.get_links(route.get_attr("RTA_OIF"))
        return str(link.get_attr("IFLA_IFNAME")), int(link.get_attr("IFLA_MTU"))


def entries(name: str, bridge: str) -> set[Entry]:
    """Return what does not age: "remote" and "port" entries of a VXLAN interface, "neighbour" ones of its bridge.

    Raises OSError when one of the two does not exist.
    """
    with _iproute() as netlink:
        index, master = _index(netlink, name), _index(netlink, bridge)
        found: set[Entry] = set()
        for message in _dump(netlink, index):
            mac = message.get_attr("NDA_LLADDR")
            if message["flags"] & _SELF and message["state"] & _PERMANENT:
                found.add(("remote", mac, message.get_attr("NDA_DST")))
            elif message["state"] == _NOARP:  # permanent ones are the interface's own addresses
                found.add(("port", mac, ""))
        for family in (messages.AF_INET, messages.AF_INET6):
            for message in netlink.get_neighbours(family=family, ifindex=master):
                if message["state"] & _PERMANENT:
                    found.add(("neighbour", message.get_attr("NDA_LLADDR"), message.get_attr("NDA_DST")))
        return found


def change(name: str, bridge: str, gone: Sequence[Entry], new: Sequence[Entry], link: str = "") -> None:
    """Take entries away, as far as they are there, and add or replace others. Raises OSError.

    With the all-zero entry of a host goes whatever leads there. `link` is that of `create`: by which interface hosts
    with link-local addresses are reached, without which the kernel takes any one that has such addresses.
    """
    from pyroute2.netlink.exceptions import NetlinkError

    with _iproute() as netlink:
        index, master = _index(netlink, name), _index(netlink, bridge)
        way = {"NDA_IFINDEX": _index(netlink, link)} if link else {}
        for entry in [*gone, *_learned(netlink, index, {host for _kind, mac, host in gone if not _number(mac)})]:
            try:
                _apply(netlink, "del", entry, index, master, way)
            except NetlinkError as error:
                if error.code != errno.ENOENT:
                    raise
        for entry in new:
            _apply(netlink, "add", entry, index, master, way)


def _dump(netlink: Any, index: int) -> list[Any]:
    """Return the entries of an interface; pyroute2's own filter takes the interface to the host for it."""
    return [message for message in netlink.fdb("dump") if message["ifindex"] == index]


def _learned(netlink: Any, index: int, hosts: set[str]) -> list[Entry]:
    """Return the entries that lead to hosts because frames came from there; they age only after five minutes."""
    if not hosts:
        return []
    found = [(message.get_attr("NDA_LLADDR"), message.get_attr("NDA_DST")) for message in _dump(netlink, index)]
    return [("remote", mac, host) for mac, host in found if host in hosts and _number(mac)]


def _number(mac: str) -> int:
    return int(mac.replace(":", ""), 16)


def _apply(netlink: Any, verb: str, entry: Entry, index: int, master: int, way: dict[str, int]) -> None:
    kind, mac, address = entry
    # One that was learned is replaced; of the all-zero address there is one for each host.
    flooding = kind == "remote" and not _number(mac)
    how = {"add": "append" if flooding else "replace", "del": "del"}[verb]
    if kind == "neighbour":
        netlink.neigh(how, ifindex=master, dst=address, lladdr=mac, state=_PERMANENT)
    elif kind == "port":
        netlink.fdb(how, ifindex=index, lladdr=mac, flags=_MASTER, state=_NOARP)
    else:
        netlink.fdb(how, ifindex=index, lladdr=mac, dst=address, flags=_SELF, state=_NOARP | _PERMANENT, **way)


def _index(netlink: Any, name: str) -> int:
    found = netlink.link_lookup(ifname=name)
    if not found:
        raise OSError(errno.ENODEV, "No such device", name)
    return int(found[0])
