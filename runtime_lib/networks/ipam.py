"""Which subnet and which address is free. Pure."""

from __future__ import annotations

import ipaddress
import os

from ..errors import AddressTaken, InvalidSpec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from .options import IPAddress
    from .spec import IPNetwork

# Docker's pools (libnetwork/ipamutils): 172.17-31/16, then 192.168.0.0/16 in pieces of /20.
_FIRST = ipaddress.ip_network("172.17.0.0/16")
_POOLS = [ipaddress.ip_network(f"172.{second}.0.0/16") for second in range(18, 32)]
_POOLS += ipaddress.ip_network("192.168.0.0/16").subnets(new_prefix=20)


def free_subnet(taken: Collection[IPNetwork], default_bridge: bool = False) -> IPNetwork:
    """Return the first of Docker's pools that overlaps with nothing in `taken`.

    172.17.0.0/16 comes first for the default bridge and last for all others, so that it stays free for the former.
    Raises AddressTaken when all are in use.
    """
    for pool in [_FIRST, *_POOLS] if default_bridge else [*_POOLS, _FIRST]:
        if not overlapping(pool, taken):
            return pool
    raise AddressTaken("all subnets from 172.17.0.0/16 to 192.168.240.0/20 are in use on this host: give a subnet")


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

    Of an IPv6 address, for containers without IPv4, they are the last four.
    """
    return b"\x02\x42" + address.packed[-4:]
