"""Published ports of a container that changes its networks while it runs: they lead to the next one of it."""

from __future__ import annotations

import ipaddress

from ..networks import ports
from ..networks.model import Published, endpoints
from ..networks.ports import PortMapping
from ..records import fields
from ..store import Store
from . import wiring

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..networks.model import Endpoint
    from .catalog import Container


def present(store: Store, container_id: str) -> list[Published]:
    """Return the ports of the host that lead to a container."""
    columns = ", ".join(entry.name for entry in fields(Published))
    rows = store.query(f"SELECT {columns} FROM ports WHERE container_id = ?", (container_id,))
    return [Published(*row) for row in rows]


def again(store: Store, container: Container, members: Sequence[Endpoint], before: Sequence[Published]) -> None:
    """Publish those of `before` that lead nowhere now, as far as a network of the container can have them.

    Raises PortTaken, HostLacks and OSError.
    """
    there = {_place(one) for one in present(store, container.id)}
    lost = [one for one in before if _place(one) not in there]
    reachable = ports.targets(members)
    wanted = [
        PortMapping(one.host_ip, one.host_port, one.container_port, one.protocol)
        for one in lost
        if ipaddress.ip_address(one.host_ip).version in reachable
    ]
    ports.publish(store, container.id, wanted, members)


def moved(store: Store, container: Container, network_id: str) -> None:
    """Have the ports lead to the container's place on that network, as far as it can have them. Raises as `again`."""
    there = sorted(endpoints(store, container.id), key=lambda one: one.network.id != network_id)
    with store.transaction() as db:
        before = present(store, container.id)
        db.execute("DELETE FROM ports WHERE container_id = ?", (container.id,))
        again(store, container, there, before)


def first(store: Store, container: Container, members: Sequence[Endpoint]) -> None:
    """Publish what the container wants to publish, when nothing is yet and a network of it can. Raises as `again`."""
    if ports.targets(members) and not present(store, container.id):
        ports.publish(store, container.id, wiring.mappings(store, container), members)


def _place(port: Published) -> tuple[str, str, int]:
    return port.protocol, port.host_ip, port.host_port
