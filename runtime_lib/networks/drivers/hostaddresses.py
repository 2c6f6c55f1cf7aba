"""The host's own addresses on an interface that containers share with it: none of them may be given out."""

from __future__ import annotations

import ipaddress

from ...linux.netlink import bridges
from ...records import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..options import IPAddress
    from ..spec import SubnetSpec


def of(interface: str) -> list[IPAddress]:
    """Return the addresses of an interface; none when there is no such interface. Raises OSError, HostLacks."""
    return [ipaddress.ip_interface(text).ip for name, text in bridges.host_addresses() if name == interface]


def reserved(subnet: SubnetSpec, own: Sequence[IPAddress]) -> SubnetSpec:
    """Return a subnet that has those of `own` which lie in it as auxiliary addresses `host0`, `host1`, ... Pure."""
    here = [str(address) for address in own if address in subnet.network()]
    return replace(subnet, aux_addresses={**subnet.aux_addresses, **{f"host{n}": text for n, text in enumerate(here)}})
