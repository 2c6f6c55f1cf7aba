"""Published ports: what `-p` means, and giving ports of the host to a container."""

from __future__ import annotations

import errno
import ipaddress

from ..errors import InvalidSpec, PortTaken
from ..linux.netlink.link import Rtnetlink
from ..patterns import Pattern
from ..records import asdict, dataclass, replace
from . import firewall, listeners, swept
from .model import Published

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence

    from ..store import Store
    from .model import Endpoint

_EVERY_ADDRESS = {4: "0.0.0.0", 6: "::"}
_PROTOCOLS = ("tcp", "udp", "sctp")
_RANGE = Pattern(r"([0-9]{1,5})(?:-([0-9]{1,5}))?\Z")
_FORMS = "write it as [address:][port:]container_port[/protocol], for example 127.0.0.1:8080:80/tcp"


@dataclass(frozen=True)
class PortMapping:
    """A port of the container and those of the host that may lead to it.

    `host_ip` "" means every address of the host, of each IP version that the container has. `host_port` 0
    leaves the choice to Skiff; a `host_port_last` above `host_port` means the first free one of these.
    """

    host_ip: str
    host_port: int
    container_port: int
    protocol: str = "tcp"
    host_port_last: int = 0


def parse(texts: Iterable[str], default_ip: str | None = None) -> tuple[PortMapping, ...]:
    """Return what texts of `docker run -p` mean; ranges become one mapping for each port of the container.

    Without an address of their own they get `default_ip`. Raises InvalidSpec.
    """
    mappings: dict[PortMapping, None] = {}
    for text in texts:
        mappings.update(dict.fromkeys(_parse(str(text), default_ip or "")))
    return tuple(mappings)


def exposed(texts: Iterable[str], default_ip: str | None = None) -> tuple[PortMapping, ...]:
    """Return the mappings of `-P`: each exposed port ("80/tcp", "8000-8010/udp") on a port that Skiff chooses."""
    for text in texts:
        if ":" in text:
            raise InvalidSpec(f"exposed port {text!r}: only a port of the container, as in 80/tcp, can be exposed")
    return parse(texts, default_ip)


def spread(texts: Iterable[str]) -> list[str]:
    """Return exposed ports one by one, as `80/tcp`. Raises InvalidSpec."""
    return list(dict.fromkeys(f"{one.container_port}/{one.protocol}" for one in parse(texts)))


def publish(
    store: Store, container_id: str, mappings: Sequence[PortMapping], endpoints: Sequence[Endpoint]
) -> tuple[PortMapping, ...]:
    """Give ports of the host to a container and return them with the ports that were chosen; `detach` releases them.

    Those of IPv4 lead to the first endpoint with an IPv4 address on a network that is reachable from outside, those of
    IPv6 likewise. Raises PortTaken (by whom), InvalidSpec (no such network or address), HostLacks and OSError.
    """
    if not mappings:
        return ()
    found = targets(endpoints)
    if not found:
        raise InvalidSpec("published_ports: the container is on no network that is reachable from outside")
    with store.transaction() as db:
        swept.sweep(store, db)
        chosen = [one for mapping in mappings for one in _publish_one(db, container_id, mapping, found)]
        for name in {endpoint.host_interface for endpoint in found.values()}:
            _reflect(name)
    firewall.sync(store)
    return tuple(chosen)


def _reflect(name: str) -> None:
    with Rtnetlink() as netlink:
        try:
            netlink.reflect(name)
        except OSError as error:
            if error.errno != errno.EOPNOTSUPP:  # no port of the kernel's bridges: nothing translates inside of it
                raise


def targets(endpoints: Sequence[Endpoint]) -> dict[int, Endpoint]:
    """Return the endpoint to which ports lead, for each IP version that one has."""
    found: dict[int, Endpoint] = {}
    for endpoint in endpoints:
        if not endpoint.network.internal and endpoint.network.hosted:
            for address in endpoint.addresses:
                found.setdefault(address.version, endpoint)
    return found


def _parse(text: str, default_ip: str) -> list[PortMapping]:
    rest, _unused, protocol = text.partition("/")
    protocol = protocol.lower() or "tcp"
    if protocol not in _PROTOCOLS or text.endswith("/"):
        raise InvalidSpec(f"published port {text!r}: the protocol must be tcp, udp or sctp")
    head, _unused, container = rest.rpartition(":")
    address, separator, host = head.rpartition(":")
    first, last = _range(container, text)
    host_ip = _host_ip(address, text) if separator else default_ip
    if host in ("", "0"):
        return [PortMapping(host_ip, 0, port, protocol) for port in range(first, last + 1)]
    host_first, host_last = _range(host, text)
    if first == last and host_first != host_last:
        return [PortMapping(host_ip, host_first, first, protocol, host_last)]
    if host_last - host_first != last - first:
        raise InvalidSpec(f"published port {text!r}: both ranges must have the same number of ports")
    return [PortMapping(host_ip, host_first + offset, first + offset, protocol) for offset in range(last - first + 1)]


def _range(text: str, whole: str) -> tuple[int, int]:
    found = _RANGE.match(text)
    if not found:
        raise InvalidSpec(f"published port {whole!r}: {text!r} is not a port or range; {_FORMS}")
    first, last = int(found[1]), int(found[2] or found[1])
    if not 1 <= first <= last <= 65535:
        raise InvalidSpec(f"published port {whole!r}: ports are from 1 to 65535, and a range ascends")
    return first, last


def _host_ip(text: str, whole: str) -> str:
    if text == "":
        return ""
    bare = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    try:
        address = ipaddress.ip_address(bare)
    except ValueError:
        raise InvalidSpec(f"published port {whole!r}: {text!r} is not an address of the host; {_FORMS}") from None
    if address.version == 6 and bare == text:
        raise InvalidSpec(f"published port {whole!r}: put the IPv6 address into brackets, as in [2001:db8::1]:8080:80")
    if address.version == 6 and address.is_loopback:
        raise InvalidSpec(
            f"published port {whole!r}: the kernel leads nothing from [::1] to a container; publish it on 127.0.0.1"
        )
    return str(address)


def _publish_one(
    db: sqlite3.Connection, container_id: str, mapping: PortMapping, targets: dict[int, Endpoint]
) -> list[PortMapping]:
    wanted = [replace(mapping, host_ip=address) for address in _host_addresses(mapping, targets)]
    if mapping.host_port:
        candidates = range(mapping.host_port, (mapping.host_port_last or mapping.host_port) + 1)
    else:
        candidates = listeners.ephemeral_ports()
    why = ""
    for port in candidates:
        why = next(filter(None, (_taken(db, one, port) for one in wanted)), "")
        if not why:
            chosen = [replace(one, host_port=port, host_port_last=0) for one in wanted]
            for one in chosen:
                _insert(db, container_id, one, targets)
            return chosen
    raise PortTaken(why)


def _insert(db: sqlite3.Connection, container_id: str, mapping: PortMapping, targets: dict[int, Endpoint]) -> None:
    version = ipaddress.ip_address(mapping.host_ip).version
    address = str(targets[version].of_version(version))
    row = Published(mapping.protocol, mapping.host_ip, mapping.host_port, address, mapping.container_port)
    values = {**asdict(row), "container_id": container_id}
    marks = ", ".join("?" * len(values))
    db.execute(f"INSERT INTO ports ({', '.join(values)}) VALUES ({marks})", tuple(values.values()))


def _host_addresses(mapping: PortMapping, targets: dict[int, Endpoint]) -> list[str]:
    """Return the addresses to bind: a network's own default takes the place of every IPv4 one. Raises InvalidSpec."""
    own = targets[4].network.host_binding if 4 in targets else None
    if mapping.host_ip in ("", "0.0.0.0") and own:
        return [own]
    if not mapping.host_ip:
        return [_EVERY_ADDRESS[version] for version in sorted(targets)]
    version = ipaddress.ip_address(mapping.host_ip).version
    if version not in targets:
        (other, endpoint), *_unused = targets.items()
        raise InvalidSpec(
            f"published port {mapping.container_port}/{mapping.protocol}: network {endpoint.network.name}"
            f" has no IPv{version} address; publish it on an IPv{other} address of the host"
        )
    return [mapping.host_ip]


def _taken(db: sqlite3.Connection, mapping: PortMapping, port: int) -> str:
    """Return the sentence that says who has the port, or "" when it is free."""
    where = f"port {port}/{mapping.protocol} on {mapping.host_ip}"
    holder = _holder(db, mapping, port)
    if holder:
        return f"{where} is taken by container {holder}: stop it, or publish another port"
    if listeners.listens(mapping.protocol, mapping.host_ip, port):
        return f"{where} is taken by a process of the host: stop it, or publish another port"
    return ""


def _holder(db: sqlite3.Connection, mapping: PortMapping, port: int) -> str | None:
    rows = db.execute(
        "SELECT host_ip, containers.name FROM ports JOIN containers ON containers.id = container_id"
        " WHERE protocol = ? AND host_port = ?",
        (mapping.protocol, port),
    )
    mine = ipaddress.ip_address(mapping.host_ip)
    for row in rows:
        other = ipaddress.ip_address(row["host_ip"])
        if other.version == mine.version and (other == mine or other.is_unspecified or mine.is_unspecified):
            return str(row["name"])
    return None
