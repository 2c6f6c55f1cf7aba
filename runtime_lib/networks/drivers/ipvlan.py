"""Networks of ipvlan interfaces: containers have IP addresses of their own, and the MAC address of the host."""

from __future__ import annotations

from ...errors import InUse
from ...linux.netlink import stacked
from .. import options
from . import macvlan, parents, plain
from .macvlan import settle, unplug
from .parents import ensure, remove
from .parents import ensure as mend

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ...linux.netlink.link import Rtnetlink
    from ...store import Store
    from ..model import Endpoint
    from ..spec import NetworkSpec

# fmt: off
__all__ = [
    "GATEWAY_ON_HOST", "HAS_PEERS", "HOST_END", "SHARES_MAC", "check", "ensure", "guards", "mend", "plug", "prepare",
    "rejoin", "remove", "settle", "sliced", "unplug",
]
# fmt: on

GATEWAY_ON_HOST = False
HOST_END = False
SHARES_MAC = True
HAS_PEERS = plain.HAS_PEERS

MODE = options.IPVLAN_MODE
FLAG = "ipvlan_flag"
_OPTIONS = {
    parents.PARENT: options.interface,
    MODE: options.one_of(*stacked.IPVLAN_MODES),
    FLAG: options.one_of(*stacked.IPVLAN_FLAGS),
    options.MTU: options.mtu,
}

sliced = plain.sliced
guards = plain.guards
rejoin = plain.rejoin


def check(spec: NetworkSpec) -> None:
    """Raise InvalidSpec for options that ipvlan does not have."""
    options.check(spec.name, spec.driver_options, _OPTIONS)
    parents.check(spec)


def prepare(store: Store, spec: NetworkSpec) -> NetworkSpec:
    """Look at the parent. Raises InvalidSpec, and InUse when a network on it has another mode: there is one for all."""
    found = parents.prepare(store, spec)
    for network in parents.sharing(store, spec.driver_options.get(parents.PARENT, "")):
        theirs, ours = _mode(network.spec), _mode(spec)
        if theirs != ours:
            raise InUse(
                f"network {spec.name}: {parents.of(network)} is used by network {network.name} with {' '.join(theirs)};"
                f" all ipvlan networks on it have the same mode and flag, not {' '.join(ours)}"
            )
    return found


def plug(host: Rtnetlink, endpoint: Endpoint, namespace: int) -> None:
    """Make the interface inside the namespace. Raises InUse when something else is on the parent."""
    spec, parent = endpoint.network.spec, parents.of(endpoint.network)
    mode, flag = _mode(spec)
    mtu = int(spec.driver_options.get(options.MTU, "0"))
    body = stacked.ipvlan(host.index(parent), mode, flag, mtu, namespace, endpoint.interface)
    try:
        host.add(body, parent)
    except OSError as error:
        raise macvlan.explained(error, endpoint) from error


def _mode(spec: NetworkSpec) -> tuple[str, str]:
    return spec.driver_options.get(MODE, "l2"), spec.driver_options.get(FLAG, "bridge")
