"""Where a syslog server listens."""

from __future__ import annotations

import os

from ..errors import HostLacks, InvalidSpec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_LOCAL = ("/dev/log", "/var/run/syslog", "/var/run/log")  # where Docker looks for the host's own
_PORT = 514


def parse(text: str) -> tuple[str, str, int]:
    """Return (scheme, path or host, port) of `udp://host[:port]`, `tcp://...`, `unix:///path` or `unixgram:///path`.

    All are empty for the host's own syslog, which has no address. Pure. Raises InvalidSpec.
    """
    if not text:
        return "", "", 0
    scheme, separator, rest = text.partition("://")
    if separator and scheme in ("unix", "unixgram") and rest.startswith("/"):
        return scheme, rest, 0
    if scheme == "tcp+tls":
        raise InvalidSpec("log option syslog-address: TLS is not spoken here; send to a relay by unix or udp")
    host, port = _host(rest)
    if not separator or scheme not in ("udp", "tcp") or not host or not 0 < port < 65536:
        raise InvalidSpec(f"log option syslog-address: {text!r} is none such as udp://host:514 or unix:///path")
    return scheme, host, port


def resolve(text: str) -> dict[str, Any]:
    """Return {"scheme", "address"} as the monitor takes it: a path, or a numeric host and a port.

    Raises HostLacks when there is no such socket, or no such host.
    """
    scheme, place, port = parse(text)
    if not scheme:
        for path in _LOCAL:
            if os.path.exists(path):
                return {"scheme": "unixgram", "address": path}
        raise HostLacks("this host has no syslog server (/dev/log): install one, or give the option syslog-address")
    if not port:
        if not os.path.exists(place):
            raise HostLacks(f"log option syslog-address: there is no socket {place} on this host")
        return {"scheme": scheme, "address": place}
    return {"scheme": scheme, "address": [_numeric(place), port]}


def _host(text: str) -> tuple[str, int]:
    if text.startswith("["):
        host, _unused, rest = text[1:].partition("]")
        port = rest[1:] if rest[:1] == ":" else rest
    else:
        host, _unused, port = text.partition(":")
    if not port:
        return host, _PORT
    return host, int(port) if port.isascii() and port.isdigit() else 0


def _numeric(host: str) -> str:
    import socket

    try:
        return str(socket.getaddrinfo(host, None, type=socket.SOCK_DGRAM)[0][4][0])
    except OSError as error:
        raise HostLacks(f"log option syslog-address: host {host} is not known here: {error.strerror}") from error
