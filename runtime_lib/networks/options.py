"""Driver options of networks: texts, checked one by one. Pure."""

from __future__ import annotations

import ipaddress

from ..errors import InvalidSpec
from ..patterns import Pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Union

    IPAddress = Union[ipaddress.IPv4Address, ipaddress.IPv6Address]
    Check = Callable[[str, str], object]

BRIDGE_NAME = "com.docker.network.bridge.name"
ENABLE_ICC = "com.docker.network.bridge.enable_icc"
ENABLE_MASQUERADE = "com.docker.network.bridge.enable_ip_masquerade"
HOST_BINDING = "com.docker.network.bridge.host_binding_ipv4"
HOST_ADDRESS = "com.docker.network.host_ipv4"
HOST_ADDRESS6 = "com.docker.network.host_ipv6"
MTU = "com.docker.network.driver.mtu"
MACVLAN_MODE = "macvlan_mode"
IPVLAN_MODE = "ipvlan_mode"

BOOLEANS = {"true": True, "1": True, "false": False, "0": False}
_INTERFACE = Pattern(r"[a-zA-Z0-9][a-zA-Z0-9_.-]{0,14}\Z")  # IFNAMSIZ, and nothing that a rule could misread


def check(name: str, given: Mapping[str, str], known: Mapping[str, Check]) -> None:
    """Raise InvalidSpec for the options of network `name` that are not `known`, or that their check refuses.

    A check gets the key and the text, and raises InvalidSpec as well.
    """
    for key, text in given.items():
        if key not in known:
            raise InvalidSpec(f"network {name}: unknown driver option {key}; there are {', '.join(known)}")
        try:
            known[key](key, text)
        except InvalidSpec as error:
            raise InvalidSpec(f"network {name}: {error}") from error


def boolean(key: str, text: str) -> bool:
    """Return what a yes-or-no option means. Raises InvalidSpec."""
    if text.lower() not in BOOLEANS:
        raise InvalidSpec(f"{key} must be true or false, not {text!r}")
    return BOOLEANS[text.lower()]


def same(key: str, one: str | None, other: str) -> bool:
    """Whether two texts of an option mean the same: of a yes-or-no option also "1" and "true"."""
    if OF_GATEWAYS.get(key) is boolean and one is not None:
        return BOOLEANS.get(one.lower(), one) == BOOLEANS.get(other.lower(), other)
    return one == other


def interface(key: str, text: str) -> str:
    """Return the name of an interface. Raises InvalidSpec for what the kernel, or a rule, would not take as one."""
    if not _INTERFACE.match(text):
        raise InvalidSpec(f"{key}: {text!r} is not a name of at most 15 letters and digits")
    return text


def address(what: str, text: str, version: int = 0) -> IPAddress:
    """Return an IP address, of `version` 4 or 6 unless that is 0. Raises InvalidSpec."""
    try:
        found = ipaddress.ip_address(text)
    except ValueError as error:
        example = "2001:db8::1" if version == 6 else "172.30.0.1"
        raise InvalidSpec(f"{what}: {text!r} is not an IP address; write it as {example}") from error
    if version not in (0, found.version):
        raise InvalidSpec(f"{what}: {text} is an IPv{found.version} address; an IPv{version} address belongs here")
    return found


def address4(key: str, text: str) -> IPAddress:
    """Return an IPv4 address. Raises InvalidSpec."""
    return address(key, text, 4)


def address6(key: str, text: str) -> IPAddress:
    """Return an IPv6 address. Raises InvalidSpec."""
    return address(key, text, 6)


def number(first: int, last: int) -> Callable[[str, str], int]:
    """Return a check for decimal numbers from `first` to `last`."""

    def checked(key: str, text: str) -> int:
        if not (text.isascii() and text.isdigit() and first <= int(text) <= last):
            raise InvalidSpec(f"{key} must be a number from {first} to {last}, not {text!r}")
        return int(text)

    return checked


def one_of(*words: str) -> Check:
    """Return a check for one of some words."""

    def checked(key: str, text: str) -> str:
        if text not in words:
            raise InvalidSpec(f"{key}: {text!r} is not there; use one of {', '.join(words)}")
        return text

    return checked


mtu = number(68, 65535)

# The options of drivers by which the host is the gateway of a network.
OF_GATEWAYS: dict[str, Check] = {
    ENABLE_ICC: boolean,
    ENABLE_MASQUERADE: boolean,
    HOST_BINDING: address,
    HOST_ADDRESS: address4,
    HOST_ADDRESS6: address6,
    MTU: mtu,
}
