"""WireGuard interfaces, by pyroute2; no `wg` program is needed."""

from __future__ import annotations

import errno
from contextlib import contextmanager

from ...errors import HostLacks
from .bridges import _iproute

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    # (public key in base64, the host's address, its UDP port, the only address that it may send from)
    Peer = tuple[str, str, int, str]

KEY_SIZE = 32  # bytes of a private key (Curve25519)
_KEEPALIVE = 25  # seconds: keeps the way open through an address translation between two hosts


def create(name: str, private_key: str, port: int, address: str, mtu: int) -> None:
    """Make a WireGuard interface with a link-local IPv6 address, and set it up; one that exists is completed.

    `private_key` is in base64; the kernel makes a key of any 32 bytes (RFC 7748, section 5). Raises HostLacks without
    WireGuard or IPv6 in the kernel, and OSError (EADDRINUSE: something else has the UDP port).
    """
    try:
        with _iproute() as netlink:
            if not netlink.link_lookup(ifname=name):
                netlink.link("add", ifname=name, kind="wireguard", mtu=mtu)
            (index,) = netlink.link_lookup(ifname=name)
            _set(name, private_key=private_key, listen_port=port)
            _enable_ipv6(name)
            if not list(netlink.get_addr(index=index, address=address)):
                netlink.addr("add", index=index, address=address, prefixlen=64)
            netlink.link("set", index=index, state="up")
    except OSError as error:
        if error.errno == errno.EOPNOTSUPP:
            raise HostLacks(
                "encrypted networks need WireGuard in the kernel (Linux 5.6): its module wireguard is missing"
            ) from error
        raise


def public_key(name: str) -> str:
    """Return the public key of an interface in base64. Raises OSError when it does not exist."""
    return next(str(_text(message.get_attr("WGDEVICE_A_PUBLIC_KEY"))) for message in _info(name))


def peers(name: str) -> set[Peer]:
    """Return the peers of an interface. Raises OSError when it does not exist."""
    found: set[Peer] = set()
    for message in _info(name):
        for peer in message.get_attr("WGDEVICE_A_PEERS") or ():
            where = peer.get_attr("WGPEER_A_ENDPOINT") or {"addr": "", "port": 0}
            allowed = [entry["addr"] for entry in peer.get_attr("WGPEER_A_ALLOWEDIPS") or ()]
            inside = ",".join(sorted(text.removesuffix("/128") for text in allowed))
            found.add((_text(peer.get_attr("WGPEER_A_PUBLIC_KEY")), where["addr"], where["port"], inside))
    return found


def change(name: str, closed: Iterable[str], opened: Iterable[Peer]) -> None:
    """Take peers away by their public keys, and add or change others. Raises OSError."""
    for key in closed:
        _set(name, peer={"public_key": key, "remove": True})
    for key, address, port, inside in opened:
        where = {"endpoint_addr": address, "endpoint_port": port, "persistent_keepalive": _KEEPALIVE}
        _set(name, peer={"public_key": key, "allowed_ips": [f"{inside}/128"], **where})


def _set(name: str, **settings: Any) -> None:
    with _wireguard() as wireguard:
        wireguard.set(name, **settings)


def _info(name: str) -> list[Any]:
    with _wireguard() as wireguard:
        return list(wireguard.info(name))


@contextmanager
def _wireguard() -> Iterator[Any]:
    """Give pyroute2's WireGuard; its NetlinkError, which is no OSError, becomes one with errno."""
    from pyroute2 import WireGuard
    from pyroute2.netlink.exceptions import NetlinkError

    try:
        with WireGuard() as wireguard:
            yield wireguard
    except NetlinkError as error:
        raise OSError(error.code, str(error.args[-1])) from error


def _enable_ipv6(name: str) -> None:
    try:
        with open(f"/proc/sys/net/ipv6/conf/{name}/disable_ipv6", "w") as file:
            file.write("0")
    except FileNotFoundError as error:
        raise HostLacks("encrypted networks need IPv6 in the kernel, between their hosts") from error


def _text(key: bytes | str) -> str:
    return key.decode("ascii") if isinstance(key, bytes) else key
