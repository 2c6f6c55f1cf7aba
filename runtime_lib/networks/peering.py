"""Changing the peers of an overlay network, while its containers stay connected."""

from __future__ import annotations

from ..errors import InvalidSpec
from ..records import replace
from . import catalog, driver, firewall, names
from .drivers import overlay

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..store import Store
    from .model import Network
    from .peers import Peer


def find(store: Store, ref: str) -> Network:
    """Return a network that has peers. Raises NetworkNotFound, and InvalidSpec for another one."""
    network = catalog.find(store, ref)
    if not driver.has_peers(network.driver):
        raise InvalidSpec(f"network {network.name} has no peers: it is no overlay network")
    return network


def change(store: Store, ref: str, peers: tuple[Peer, ...]) -> None:
    """Let a network have these peers, and the kernel and the hosts files know no others.

    The store is told first: what a kill leaves undone, `mend` does. Raises NetworkNotFound, InvalidSpec and OSError.
    """
    network = find(store, ref)
    spec = replace(network.spec, peers=peers)
    spec.check()
    overlay.examine(spec)
    with store.transaction(durable=True) as db:
        catalog.find(store, network.id)  # somebody may have removed it until the transaction began
        db.execute("UPDATE networks SET spec = ? WHERE id = ?", (spec.to_json(), network.id))
    mend(store, ref)


def mend(store: Store, ref: str) -> None:
    """Bring interfaces, entries, rules and hosts files to what the store says. Raises OSError and HostLacks."""
    network = catalog.find(store, ref)
    firewall.sync(store)  # first: what is forgotten of a host that has left would be learned again of its frames
    driver.of(network.driver).mend(store, network)
    names.refresh(store, network.id)
