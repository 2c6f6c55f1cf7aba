"""What most drivers say of what only few have."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from ...linux.netlink.link import Rtnetlink
    from ...store import Store
    from ..model import Endpoint, Network
    from ..spec import NetworkSpec

SHARES_MAC = False
HAS_PEERS = False


def sliced(spec: NetworkSpec) -> bool:
    """Return False: the subnet is this host's alone, or a LAN on which the user knows what is free."""
    return False


def guards(networks: Sequence[Network], contained: Sequence[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Return no rules."""
    return []


def rejoin(store: Store, host: Rtnetlink, endpoint: Endpoint) -> None:
    """Do nothing: `plug` has done it all."""
