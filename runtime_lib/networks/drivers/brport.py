"""A container's port of a bridge of the kernel: what was set there is forgotten together with the bridge."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ...linux.netlink.link import Rtnetlink
    from ...store import Store
    from ..model import Endpoint


def rejoin(store: Store, host: Rtnetlink, endpoint: Endpoint) -> None:
    """Make the host's end of an endpoint a port of its network's bridge again, as it was. Raises OSError."""
    name = endpoint.host_interface
    host.set_master(name, endpoint.network.bridge)
    host.set_up(name)
    if not endpoint.network.icc:
        host.isolate(name)
    if store.row("SELECT 1 FROM ports WHERE container_id = ?", (endpoint.container_id,)):
        host.reflect(name)
