"""The address pools of a host: from where a network gets a subnet that nobody has named.

An administrator may choose them in `Layout.settings`, in the words of Docker's daemon.json:
{"default-address-pools": [{"base": "10.10.0.0/16", "size": 24}]}.
"""

from __future__ import annotations

import ipaddress

from .. import strictjson
from ..errors import InvalidSpec
from ..records import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from ..paths import Layout
    from .spec import IPNetwork

KEY = "default-address-pools"
_EXAMPLE = '{"base": "10.10.0.0/16", "size": 24}'


@dataclass(frozen=True)
class Pool:
    """Subnets of prefix length `size`, one after the other, from the first address of `base` to its last one."""

    base: IPNetwork
    size: int


# Docker's (libnetwork/ipamutils), in its order.
BUILT_IN = tuple(
    Pool(ipaddress.ip_network(base), size)
    for base, size in (
        ("172.17.0.0/16", 16),
        ("172.18.0.0/15", 16),
        ("172.20.0.0/14", 16),
        ("172.24.0.0/13", 16),
        ("192.168.0.0/16", 20),
    )
)


def of_host(layout: Layout) -> tuple[Pool, ...]:
    """Return the pools that the host's file names; none where it names none, or is not there.

    Raises InvalidSpec or CorruptData with the file and what is wrong in it, and OSError.
    """
    try:
        return read(layout.settings)
    except FileNotFoundError:
        return ()


def read(path: str) -> tuple[Pool, ...]:
    """Return the pools that such a file names. Raises what `of_host` does, also when the file is not there."""
    with open(path, "rb") as file:
        return parsed(file.read(strictjson.LIMIT + 1), path)


def parsed(data: bytes, where: str) -> tuple[Pool, ...]:
    """Return the pools that the content of such a file names. Raises InvalidSpec or CorruptData that name `where`."""
    settings = strictjson.parse_object(data, where)
    unknown = sorted(set(settings) - {KEY})
    if unknown:
        raise InvalidSpec(f"{where}: unknown setting {unknown[0]!r}; there is {KEY}")
    entries = settings.get(KEY, [])
    if not isinstance(entries, list):
        raise InvalidSpec(f"{where}: write {KEY} as a list, such as [{_EXAMPLE}]")
    pools = tuple(_pool(entry, f"{where}: {KEY}, entry {number}") for number, entry in enumerate(entries, 1))
    _check_apart(pools, where)
    return pools


def of_version(pools: Sequence[Pool], version: int) -> Sequence[Pool]:
    """Return the pools of IP version 4 or 6; where the host has none, Docker's. For IPv6 there are none of those."""
    chosen = [pool for pool in pools if pool.base.version == version]
    return chosen or [pool for pool in BUILT_IN if pool.base.version == version]


def described(pools: Sequence[Pool]) -> list[dict[str, Any]]:
    """Return what `docker info` tells of pools."""
    return [{"Base": str(pool.base), "Size": pool.size} for pool in pools]


def _pool(entry: Any, where: str) -> Pool:
    if not isinstance(entry, dict) or set(entry) != {"base", "size"}:
        raise InvalidSpec(f"{where}: give base and size, such as {_EXAMPLE}")
    base = _base(entry["base"], where)
    size, largest = entry["size"], base.max_prefixlen - 2  # which leaves a gateway and a container
    if isinstance(size, bool) or not isinstance(size, int) or not base.prefixlen <= size <= largest:
        raise InvalidSpec(
            f"{where}: size {size!r} is no prefix length of subnets of {base};"
            f" give a number from {base.prefixlen} to {largest}"
        )
    return Pool(base, size)


def _base(text: Any, where: str) -> IPNetwork:
    try:
        if not isinstance(text, str) or "/" not in text:
            raise ValueError("it has no prefix length")
        return ipaddress.ip_network(text, strict=False)  # as Docker, which takes what the prefix length covers
    except ValueError as error:
        raise InvalidSpec(f"{where}: base {text!r}: {error}; write it as 10.10.0.0/16") from error


def _check_apart(pools: Sequence[Pool], where: str) -> None:
    for index, pool in enumerate(pools):
        for other in pools[:index]:
            if pool.base.version == other.base.version and pool.base.overlaps(other.base):
                raise InvalidSpec(f"{where}: {KEY}: {other.base} and {pool.base} overlap; keep one of them")
