"""What a container finds in /etc/hosts and /etc/resolv.conf, and telling neighbours about each other."""

from __future__ import annotations

import _socket
import errno
import os

from ..errors import InvalidSpec
from ..jsontext import compact, parse
from ..patterns import Pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Container, Iterable, Sequence

    from ..store import Store
    from .model import Endpoint, Network

_HEAD = (
    "127.0.0.1\tlocalhost\n"
    "::1\tlocalhost ip6-localhost ip6-loopback\n"
    "fe00::0\tip6-localnet\n"
    "ff00::0\tip6-mcastprefix\n"
    "ff02::1\tip6-allnodes\n"
    "ff02::2\tip6-allrouters\n"
)
_BEGIN = b"# neighbours on Skiff's networks, kept up to date up to the next such line\n"
_END = b"# end of the neighbours on Skiff's networks\n"
_LARGEST = 1024 * 1024  # bytes; a container may write what it wants into its file
_PART = 64 * 1024  # bytes read at once; for a larger buffer the memory would be mapped and given back each time
_NAME = Pattern(r"[a-zA-Z0-9_]([a-zA-Z0-9_.-]{0,253}[a-zA-Z0-9_])?\.?\Z")
_WORD = Pattern(r"[!-~]+\Z")
_DEFAULT_SERVERS = {  # Docker's, by IP version, for hosts whose only resolver is on their loopback
    4: ("8.8.8.8", "8.8.4.4"),
    6: ("2001:4860:4860::8888", "2001:4860:4860::8844"),
}


def check_name(name: str, what: str = "host name") -> str:
    """Return `name`. Raises InvalidSpec unless it may stand in /etc/hosts: no blank, newline or control character."""
    if not _NAME.match(name):
        raise InvalidSpec(f"{what} {name!r}: use letters, digits, _ . and -, at most 255")
    return name


def hosts_text(
    hostname: str, domainname: str = "", endpoints: Sequence[Endpoint] = (), extra_hosts: Iterable[tuple[str, str]] = ()
) -> str:
    """Return the first content of a container's /etc/hosts, as Docker writes it. Neighbours are added by `refresh`."""
    own = f"{hostname}.{domainname} {hostname}" if domainname else hostname
    lines = [f"{address}\t{name}\n" for name, address in extra_hosts]
    lines += [f"{address}\t{own}\n" for endpoint in endpoints for address in endpoint.addresses]
    return _HEAD + "".join(lines)


def host_network_hosts_text(host_text: str, extra_hosts: Iterable[tuple[str, str]] = ()) -> str:
    """Return the content of /etc/hosts in network mode `host`: the host's own file and the extra hosts."""
    return host_text + "".join(f"{address}\t{name}\n" for name, address in extra_hosts)


def host_resolv_conf() -> str:
    """Return the host's resolver configuration; behind systemd-resolved's stub the one that it uses itself."""
    text = _read("/etc/resolv.conf")
    if _values(text, "nameserver") == ["127.0.0.53"]:
        return _read("/run/systemd/resolve/resolv.conf") or text
    return text


def resolv_text(
    host_text: str,
    dns: Sequence[str] = (),
    dns_search: Sequence[str] = (),
    dns_options: Sequence[str] = (),
    own_network: bool = True,
    versions: Sequence[int] = (4,),
) -> str:
    """Return a container's /etc/resolv.conf by Docker's rules.

    What is given takes the place of the host's; a search of "." means none. With a network of its own a container
    cannot reach servers on the host's loopback, nor those of other IP versions than `versions`: they are left out, and
    when no server is left, Docker's public default stands in. Raises InvalidSpec for words that would break the file.
    """
    if not (own_network or dns or dns_search or dns_options):
        return host_text
    servers = [_server(text) for text in dns] or _values(host_text, "nameserver")
    if own_network and not dns:
        defaults = [server for version in versions for server in _DEFAULT_SERVERS[version]]
        servers = [server for server in servers if _reachable(server, versions)] or defaults
    search = [_word(text, "dns_search") for text in dns_search] or _lines(host_text, "search", "domain")[-1]
    options = [_word(text, "dns_options") for text in dns_options] or sum(_lines(host_text, "options"), [])
    lines = [f"nameserver {server}\n" for server in servers]
    if search and search != ["."]:
        lines.append(f"search {' '.join(search)}\n")
    if options:
        lines.append(f"options {' '.join(options)}\n")
    return "".join(lines)


def refresh(store: Store, network_id: str, *others: str) -> None:
    """Bring the /etc/hosts of every container on a network up to date with its neighbours' addresses and names.

    `others` are ids of containers that have left it and need the same. The files are changed in place, because they are
    mounted into running containers; what others wrote into them stays.
    """
    from . import links
    from .model import endpoints

    with store.lock("network", "hosts files"):
        every = endpoints(store)
        linked = links.lines(store, every)
        lines, homes = _names(every, linked)
        for container_id in (*(one for one, networks in homes.items() if network_id in networks), *others):
            its = homes.get(container_id, ())
            parts = [(_others_first(lines[one], container_id), linked.get((container_id, one), b"")) for one in its]
            known = b"".join(part for both in parts for part in both)
            section = _BEGIN + known + _END if known else b""
            _rewrite(f"{store.layout.container(container_id)}/hosts", section)


def rename(db: sqlite3.Connection, container_id: str, name: str) -> list[str]:
    """Note the new name of a container for its neighbours; return the ids of its networks, to `refresh`."""
    query = "SELECT network_id, names FROM endpoints WHERE container_id = ?"
    found = {row["network_id"]: parse(row["names"])[1:] for row in db.execute(query, (container_id,))}
    for network_id, others in found.items():
        query = "UPDATE endpoints SET names = ? WHERE container_id = ? AND network_id = ?"
        db.execute(query, (compact([name, *others]), container_id, network_id))
    return list(found)


def _names(
    every: Iterable[Endpoint], linked: Container[tuple[str, str]]
) -> tuple[dict[str, dict[str, bytes]], dict[str, list[str]]]:
    """Return each container's line in each network with names, and each container's networks with names or links."""
    lines: dict[str, dict[str, bytes]] = {}
    homes: dict[str, list[str]] = {}
    for endpoint in every:
        if endpoint.network.id not in lines:
            lines[endpoint.network.id] = _remote_lines(endpoint.network)
        here = lines[endpoint.network.id]
        if endpoint.network.has_names:
            known = " ".join(dict.fromkeys(endpoint.names))
            own = "".join(f"{address}\t{known}\n" for address in endpoint.addresses)
            here[endpoint.container_id] = own.encode()
        if endpoint.network.has_names or (endpoint.container_id, endpoint.network.id) in linked:
            homes.setdefault(endpoint.container_id, []).append(endpoint.network.id)
    return lines, homes


def _remote_lines(network: Network) -> dict[str, bytes]:
    """Return the lines of containers on the other hosts of an overlay network, by address."""
    remotes = [remote for peer in network.spec.peers for remote in peer.endpoints or () if remote.names]
    return {
        remote.address: "".join(
            f"{address}\t{' '.join(remote.names)}\n" for address in (remote.address, remote.address6) if address
        ).encode()
        for remote in remotes
    }


def _others_first(lines: dict[str, bytes], own: str) -> bytes:
    """Return all lines, those after the own one first: of several with one alias, not all ask the same one."""
    known = list(lines)
    at = known.index(own) + 1 if own in lines else 0
    return b"".join(lines[one] for one in (*known[at:], *known[:at]))


def _rewrite(path: str, neighbours: bytes) -> None:
    _change(path, lambda old: without_neighbours(old) + neighbours)


def _change(path: str, changed: Callable[[bytes], bytes]) -> None:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        old = _content(descriptor)
        if len(old) > _LARGEST:
            return  # the container made it useless for itself; its neighbours must start all the same
        new = changed(old)
        if new != old:
            _write(descriptor, new)
            if len(new) < len(old):  # of all calls here the dearest, and most changes are one neighbour more
                os.ftruncate(descriptor, len(new))  # last: a reader never sees an empty file
    finally:
        os.close(descriptor)


def _content(descriptor: int) -> bytes:
    """Return a file's content, or more than `_LARGEST` bytes of it; nearly always by one call."""
    content = b""
    while len(content) <= _LARGEST:
        part = os.pread(descriptor, _PART, len(content))
        content += part
        if len(part) < _PART:
            break
    return content


def without_neighbours(text: bytes) -> bytes:
    """Return a hosts file without the part that `refresh` writes; a part without its end is left as it is."""
    head, begin, rest = text.partition(_BEGIN)
    _unused, end, tail = rest.partition(_END)
    return head + tail if begin and end else text


def _write(descriptor: int, data: bytes) -> None:
    written = 0
    while written < len(data):
        written += os.pwrite(descriptor, data[written:], written)


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read(_LARGEST)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR):
            return ""
        raise


def _values(text: str, key: str) -> list[str]:
    """Return the first word after each `key` of a resolv.conf (resolv.conf(5))."""
    lines = [line.split() for line in text.splitlines()]
    return [words[1] for words in lines if len(words) > 1 and words[0] == key]


def _lines(text: str, *keys: str) -> list[list[str]]:
    """Return the words of each line with one of `keys`, after an empty one.

    Of `search` and `domain` the last line counts, `options` add up (resolv.conf(5), res_init.c of glibc).
    """
    lines = [line.split() for line in text.splitlines()]
    return [[], *(words[1:] for words in lines if len(words) > 1 and words[0] in keys)]


def _server(text: str) -> str:
    try:
        return _address(text)
    except ValueError:
        raise InvalidSpec(f"dns: {text!r} is not the IP address of a server") from None


def _reachable(server: str, versions: Sequence[int]) -> bool:
    try:
        address = _address(server)
    except ValueError:
        return False
    # An address of a link says nothing without the interface, which a container has not.
    return not address.startswith(("127.", "fe80:")) and address != "::1" and (6 if ":" in address else 4) in versions


def _address(text: str) -> str:
    """Return an IP address in its usual form, without the time that importing ipaddress takes. Raises ValueError."""
    family = _socket.AF_INET6 if ":" in text else _socket.AF_INET
    try:
        return _socket.inet_ntop(family, _socket.inet_pton(family, text))
    except OSError:
        raise ValueError(f"{text!r} is not an IP address") from None


def _word(text: str, what: str) -> str:
    if not _WORD.match(text):
        raise InvalidSpec(f"{what}: {text!r} must be one word without blanks and control characters")
    return text
