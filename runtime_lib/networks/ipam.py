"""Which subnet and which address is free. Pure."""

from __future__ import annotations

import ipaddress
import os

from ..errors import AddressTaken, InvalidSpec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from .options import IPAddress
    from .pools import Pool
    from .spec import IPNetwork


def free_subnet(pools: Sequence[Pool], taken: Collection[IPNetwork], default_bridge: bool = False) -> IPNetwork:
    """Return the first subnet of the pools that overlaps with nothing in `taken`.

    The very first one of IPv4 comes first for the default bridge and last for all others, so that it stays free for
    the former. Raises AddressTaken when all are in use.
    """
    start = pools[0].base
    first = type(start)((start.network_address, pools[0].size))
    kept = [] if default_bridge or start.version == 6 else [first]
    for avoided in ([*taken, *kept], [*taken]):
        for pool in pools:
            found = _first_free(pool, avoided)
            if found:
                return found
    names = ", ".join(f"{pool.base} (/{pool.size})" for pool in pools)
    raise AddressTaken(f"all subnets of the address pools {names} are in use on this host: give a subnet")


def _first_free(pool: Pool, taken: Collection[IPNetwork]) -> IPNetwork | None:
    """Return the first subnet of a pool that is free. What is taken is leapt over: a pool may have millions."""
    step = 1 << (pool.base.max_prefixlen - pool.size)
    address = int(pool.base.network_address)
    while address <= int(pool.base.broadcast_address):
        found = type(pool.base)((address, pool.size))
        users = overlapping(found, taken)
        if not users:
            return found
        end = max(int(other.broadcast_address) for other in users)
        address = (end // step + 1) * step
    return None


def local_subnet(taken: Collection[IPNetwork]) -> IPNetwork:
    """Return a /64 of the unique local addresses (RFC 4193) with a random global id, which overlaps with nothing."""
    while True:
        prefix = b"\xfd" + os.urandom(5) + bytes(10)
        found = ipaddress.IPv6Network((prefix, 64))
        if not overlapping(found, taken):
            return found


def overlapping(subnet: IPNetwork, taken: Iterable[IPNetwork]) -> list[IPNetwork]:
    """Return those of `taken` that share an address with `subnet`."""
    return [other for other in taken if other.version == subnet.version and subnet.overlaps(other)]


def free_address(subnets: Sequence[IPNetwork], ranges: Sequence[IPNetwork], taken: Collection[IPAddress]) -> IPAddress:
    """Return the lowest free address of the range of the first subnet that has one; each subnet has one range.

    `taken` holds leases, gateways and auxiliary addresses. Raises AddressTaken when all ranges are full.
    """
    for subnet, given_out in zip(subnets, ranges):
        ends = (subnet.network_address, subnet.broadcast_address)
        for address in given_out:
            if address not in taken and address not in ends:
                return address
    full = ", ".join(map(str, ranges))
    raise AddressTaken(f"no address of {full} is free: remove containers, or use a network with a larger subnet")


def check_requested(address: IPAddress, subnet: IPNetwork, gateway: IPAddress) -> None:
    """Raise InvalidSpec unless a container of `subnet` may have `address`."""
    if address not in subnet:
        raise InvalidSpec(f"address {address} is not inside the network's subnet {subnet}")
    if address == gateway:
        raise InvalidSpec(f"address {address} is the network's gateway; choose another one of {subnet}")
    if address in (subnet.network_address, subnet.broadcast_address):
        raise InvalidSpec(f"address {address} stands for the whole of {subnet}; choose another one")


def check_own(address: IPAddress, part: IPNetwork) -> None:
    """Raise InvalidSpec unless `address` is of this host's part of a subnet that several hosts share."""
    if address not in part:
        raise InvalidSpec(f"address {address} is not inside {part}, of which this host gives out addresses")


def mac_of(address: IPAddress) -> bytes:
    """Return the hardware address that Docker derives from an IPv4 address: 02:42 and its four bytes.

    Of an IPv6 address, for containers without IPv4, it is 02 and five bytes of a hash: hosts that share a subnet give
    out addresses that end alike, each in its own part of it.
    """
    if address.version == 4:
        return b"\x02\x42" + address.packed
    import hashlib

    return b"\x02" + hashlib.sha256(address.packed).digest()[:5]
