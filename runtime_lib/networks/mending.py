"""Bringing back what somebody has taken away on the host while containers run."""

from __future__ import annotations

from ..errors import HostLacks, InvalidSpec
from ..linux import netns
from ..linux.netlink.link import Rtnetlink
from . import attach, catalog, driver, firewall, names, swept
from .model import all_networks, endpoints

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ..store import Store
    from .model import Network


def reload(store: Store, refs: Sequence[str] = ()) -> list[Network]:
    """Bring back bridges, settings of the host, interfaces of running containers and rules; return the networks.

    They are those that `refs` mean, or all. What is there stays, so connections go on. Raises NetworkNotFound,
    InvalidSpec for `host` and `none`, OSError, and at the end HostLacks for an interface that is not ours to make.
    """
    lacking: list[HostLacks] = []
    wanted = [_reloadable(store, ref) for ref in refs] or all_networks(store)
    with store.transaction() as db:
        swept.sweep(store, db)
        whole = [network for network in wanted if _mend(store, network, lacking)]
    ids = {network.id for network in whole}
    restore(store, {endpoint.container_id for endpoint in endpoints(store) if endpoint.network.id in ids})
    firewall.sync(store, anew=True)
    for network in wanted:
        names.refresh(store, network.id)
    if lacking:
        raise lacking[0]
    return wanted


def _mend(store: Store, network: Network, lacking: list[HostLacks]) -> bool:
    try:
        driver.of(network.driver).mend(store, network)
    except HostLacks as error:
        lacking.append(error)
        return False
    return True


def restore(store: Store, container_ids: Iterable[str]) -> None:
    """Make the interfaces again that running containers have lost, with the same addresses, MAC addresses and names.

    A container that ends meanwhile is none's business any more, and one whose network the host lacks has to wait.
    Raises OSError.
    """
    for container_id in container_ids:
        process = swept.process(store, container_id)
        if process is None:
            continue
        try:
            with netns.of(process) as namespace, store.transaction():
                _restore(store, container_id, namespace)
        except ProcessLookupError:
            continue


def _restore(store: Store, container_id: str, namespace: int) -> None:
    with Rtnetlink() as host:
        lost = [
            one for one in endpoints(store, container_id) if not swept.alive(host, one.host_interface, one.interface)
        ]
        lost = [endpoint for endpoint in lost if _is_possible(store, endpoint.network)]
        attach.plug(lost, namespace, {4, 6})
        for endpoint in lost:
            driver.of(endpoint.network.driver).rejoin(store, host, endpoint)
    if lost:
        attach.reroute(store, container_id, namespace)


def _is_possible(store: Store, network: Network) -> bool:
    """Make the host's side of a network, unless an interface is gone that the administrator has to bring back."""
    try:
        driver.of(network.driver).ensure(store, network)
    except HostLacks:
        return False
    return True


def _reloadable(store: Store, ref: str) -> Network:
    network = catalog.find(store, ref)
    if not network.subnets:
        raise InvalidSpec(f"network {network.name} has no interfaces of its own: there is nothing to reload")
    return network
