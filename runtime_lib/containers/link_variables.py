"""The variables by which a container on the predefined bridge finds those that it is linked to (moby daemon/links)."""

from __future__ import annotations

from ..store import Store
from .catalog import Container

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_NOT_TOLD = ("HOME", "PATH")


def variables(store: Store, container: Container) -> dict[str, str]:
    """Return the variables of the links of a container, which is on its networks already."""
    from . import namespaces

    spec = container.spec
    if spec.network_mode not in ("bridge", "default") or not spec.links or not namespaces.own_network(spec):
        return {}
    from ..networks.model import endpoints

    result: dict[str, str] = {}
    there = {one.container_id: one for one in endpoints(store) if one.network.name == "bridge"}
    rows = store.query("SELECT target, alias FROM links WHERE container_id = ? ORDER BY rowid", (container.id,))
    for row in rows:
        endpoint = there.get(row["target"])
        if endpoint is not None:
            ports, env = _told(store, endpoint.container_id)
            name = f"/{spec.name or container.name}/{row['alias']}"
            result.update(of_link(name, str(endpoint.address), ports, env))
    return result


def of_link(name: str, address: str, ports: Sequence[str], env: Sequence[str]) -> dict[str, str]:
    """Return the variables of one link. Pure.

    `name` is /CONTAINER/ALIAS, `ports` are exposed ones as `80/tcp`, `env` is the other container's as `NAME=value`.
    """
    prefix = name.rpartition("/")[2].upper().replace("-", "_")
    result = dict(_ports(prefix, address, _sorted(ports)))
    result[f"{prefix}_NAME"] = name
    for text in env:
        key, equals, value = text.partition("=")
        if equals and key not in _NOT_TOLD:
            result[f"{prefix}_ENV_{key}"] = value
    return result


def _told(store: Store, container_id: str) -> tuple[list[str], list[str]]:
    from ..images import catalog as images
    from ..networks import ports
    from . import wiring
    from .catalog import find

    other = find(store, container_id)
    published = ports.parse(other.spec.published_ports, other.spec.default_host_ip)
    texts = [*wiring.exposed(store, other), *(f"{one.container_port}/{one.protocol}" for one in published)]
    declared = images.known(store, other.image_id).defaults.get("Env")
    own = [text for text in declared if isinstance(text, str)] if isinstance(declared, list) else []
    given = [f"{key}={value}" for key, value in other.spec.env.items()]
    return texts, [text for text in (*own, *given) if "\0" not in text]


def _sorted(ports: Sequence[str]) -> list[tuple[int, str]]:
    """Return (number, protocol), of one number TCP first."""
    found = set()
    for text in ports:
        numbers, _slash, protocol = text.partition("/")
        first, _dash, last = numbers.partition("-")
        if first.isdecimal() and (last or first).isdecimal() and int(last or first) <= 65535:
            found |= {(number, protocol or "tcp") for number in range(int(first), int(last or first) + 1)}
    return sorted(found, key=lambda port: (port[0], port[1] != "tcp", port[1]))


def _ports(prefix: str, address: str, ports: list[tuple[int, str]]) -> Iterator[tuple[str, str]]:
    if ports:
        yield f"{prefix}_PORT", _url(address, ports[0])
    yield from _rows(prefix, address, ports)
    for number, protocol in ports:
        name = f"{prefix}_PORT_{number}_{protocol.upper()}"
        yield name, _url(address, (number, protocol))
        yield f"{name}_ADDR", address
        yield f"{name}_PORT", str(number)
        yield f"{name}_PROTO", protocol


def _rows(prefix: str, address: str, ports: list[tuple[int, str]]) -> Iterator[tuple[str, str]]:
    """Yield the ends of rows of at least three ports. Both protocols of a number count, and gaps that they make up."""
    at = 0
    while at < len(ports):
        end = _end(ports, at)
        if end > at + 1:
            (number, protocol), last = ports[at], ports[end]
            first = f"{prefix}_PORT_{number}_{protocol.upper()}"
            yield f"{first}_START", _url(address, ports[at])
            yield f"{first}_ADDR", address
            yield f"{first}_PROTO", protocol
            yield f"{first}_PORT_START", str(number)
            yield f"{prefix}_PORT_{number}_{last[1].upper()}_END", _url(address, last)
            yield f"{prefix}_PORT_{number}_{last[1].upper()}_PORT_END", str(last[0])
            at = end
        at += 1


def _end(ports: list[tuple[int, str]], at: int) -> int:
    value = ports[at][0]
    for place in range(at + 1, len(ports)):
        if ports[place][0] > value + 1:
            return place - 1
        value += 1
    return len(ports) - 1


def _url(address: str, port: tuple[int, str]) -> str:
    return f"{port[1]}://{address}:{port[0]}"
