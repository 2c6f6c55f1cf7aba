"""Which proxy a host is reached by (the environment variables that Docker and curl know). Pure."""

from __future__ import annotations

import ipaddress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


def choose(environment: Mapping[str, str], scheme: str, host: str, port: int | None) -> str | None:
    """Return the address of the proxy, or None. HTTP_PROXY counts in both spellings, as in Go; loopback has none."""
    name = f"{scheme}_proxy"
    proxy = environment.get(name.upper()) or environment.get(name)
    if not proxy or host == "localhost" or _loopback(host):
        return None
    exceptions = environment.get("NO_PROXY") or environment.get("no_proxy") or ""
    number = port or (443 if scheme == "https" else 80)
    return None if any(_excepted(word.strip(), host.lower(), number) for word in exceptions.split(",")) else proxy


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _excepted(word: str, host: str, port: int) -> bool:
    """Whether an entry of NO_PROXY means a host: `*`, an address, a network, a domain with all below it."""
    if word == "*":
        return True
    if not word:
        return False
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(word, strict=False)
    except ValueError:
        pass
    name, colon, number = word.lower().rpartition(":")
    if colon and number.isdigit():
        if int(number) != port:
            return False
    else:
        name = word.lower()
    return host == name.lstrip(".").lstrip("*.") or host.endswith(f".{name.lstrip('*').lstrip('.')}")
