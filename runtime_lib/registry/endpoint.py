"""Where a repository is: registry, path, and how to talk to it. Pure."""

from __future__ import annotations

from ..errors import InvalidSpec
from ..records import dataclass, replace

HUB = "docker.io"
_HUB_HOST = "registry-1.docker.io"


@dataclass(frozen=True)
class Endpoint:
    """One place where a repository may be had: `host` with an optional port, `repository` the path there.

    `insecure` allows certificates that cannot be verified, and plain HTTP. `registry` is the name that the user knows,
    whose credentials are sent; for a mirror that is the mirror's own.
    """

    host: str
    repository: str
    registry: str
    insecure: bool = False

    def at(self, repository: str) -> Endpoint:
        """Return the same registry with another repository."""
        return replace(self, repository=repository)


def of(domain: str, path: str, insecure: bool = False) -> Endpoint:
    """Return the place of an image's name. A registry on the loopback interface may be plain HTTP, as for Docker."""
    host = _HUB_HOST if domain == HUB else domain
    return Endpoint(host, path, domain, insecure or is_loopback(host))


def named(address: str) -> str:
    """Return the registry that an address such as https://registry.example:5000/v2/ means. Raises InvalidSpec."""
    name = (address.partition("://")[2] or address).partition("/")[0]
    if not name or set(name) & set(" @\\?#") or not _is_host(name):
        raise InvalidSpec(f"{address[:200]!r} is not the address of a registry, such as registry.example:5000")
    return HUB if name in ("index.docker.io", _HUB_HOST) else name


def _is_host(text: str) -> bool:
    try:
        name, port = split(text)
    except ValueError:
        return False
    brackets = text.startswith("[") == (":" in name) and not ("[" in text and "]" not in text)
    return bool(name) and brackets and (port is None or 0 < port < 65536) and not text.endswith(":")


def split(host: str) -> tuple[str, int | None]:
    """Return (name or address without brackets, port). Raises ValueError for a port that is no number."""
    if host.startswith("["):
        name, _unused, rest = host[1:].partition("]")
        return name, int(rest[1:]) if rest[1:] else None
    name, _colon, port = host.partition(":")
    return name, int(port) if port else None


def is_loopback(host: str) -> bool:
    """Whether a host's name or address is one of the loopback interface: localhost, 127.0.0.0/8, ::1."""
    name, _port = split(host)
    parts = name.split(".")
    return name in ("localhost", "::1") or (len(parts) == 4 and parts[0] == "127" and all(p.isdigit() for p in parts))
