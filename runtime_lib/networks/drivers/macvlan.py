"""Networks of macvlan interfaces: each container is a machine with a MAC address of its own on the host's wire."""

from __future__ import annotations

import errno

from ...errors import AddressTaken, HostLacks, InUse
from ...linux.netlink import stacked
from .. import options, swept
from ..namespace import inside
from ..patience import patiently
from . import parents, plain
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
SHARES_MAC = plain.SHARES_MAC
HAS_PEERS = plain.HAS_PEERS

MODE = options.MACVLAN_MODE
_OPTIONS = {
    parents.PARENT: options.interface,
    MODE: options.one_of(*stacked.MACVLAN_MODES),
    options.MTU: options.mtu,
}

sliced = plain.sliced
guards = plain.guards
rejoin = plain.rejoin

_DOUBLE = (errno.EADDRINUSE, errno.EBUSY)  # of macvlan_open: each MAC address is once on a parent


def check(spec: NetworkSpec) -> None:
    """Raise InvalidSpec for options that macvlan does not have."""
    options.check(spec.name, spec.driver_options, _OPTIONS)
    parents.check(spec)


def prepare(store: Store, spec: NetworkSpec) -> NetworkSpec:
    """Look at the parent. Raises InvalidSpec, and InUse when one of two networks on it wants to be alone (passthru)."""
    found = parents.prepare(store, spec)
    for network in parents.sharing(store, spec.driver_options.get(parents.PARENT, "")):
        for one, other in ((spec, network.spec), (network.spec, spec)):
            if one.driver_options.get(MODE) == "passthru":
                parent = one.driver_options[parents.PARENT]
                raise InUse(
                    f"network {spec.name}: {one.name} needs {parent} for itself (passthru), where {other.name} is too"
                )
    return found


def plug(host: Rtnetlink, endpoint: Endpoint, namespace: int) -> None:
    """Make the interface inside the namespace. Raises InUse when something else is on the parent."""
    spec, parent = endpoint.network.spec, parents.of(endpoint.network)
    mode, mac = spec.driver_options.get(MODE, "bridge"), endpoint.mac_bytes
    mtu = int(spec.driver_options.get(options.MTU, "0"))
    body = stacked.macvlan(host.index(parent), mode, mtu, namespace, endpoint.interface, mac)
    busy = (errno.EINVAL,) if mode == "passthru" else ()  # two on a parent of which one wants to be alone
    try:
        patiently(busy, host.add, body, parent)
    except OSError as error:
        raise explained(error, endpoint, *busy) from error
    try:
        _start(endpoint, namespace, mac if mode == "passthru" else b"")
    except BaseException:
        unplug(host, endpoint, False)
        raise


def settle(host: Rtnetlink, endpoint: Endpoint) -> None:
    """Do nothing: there is no other end."""


def unplug(host: Rtnetlink, endpoint: Endpoint, ended: bool) -> None:
    """Delete the interface from the container's namespace. Raises OSError (EINVAL) when that is gone."""
    host.delete(endpoint.interface, swept.namespace_id(endpoint.host_interface))


def explained(error: OSError, endpoint: Endpoint, *busy: int) -> Exception:
    """Return what a refusal to make an interface means; `busy` are further errnos of a parent that is not free."""
    network = endpoint.network
    parent = parents.of(network)
    if error.errno == errno.EOPNOTSUPP:
        return HostLacks(f"network {network.name}: this host's kernel lacks the module {network.driver}")
    if error.errno in (errno.EBUSY, *busy):
        return InUse(
            f"network {network.name}: {parent} is in use by something else than {network.driver}, or is a port of a"
            " bridge; use another parent"
        )
    return error


def _start(endpoint: Endpoint, namespace: int, mac: bytes) -> None:
    """Set the interface up, with another MAC address where one is given. Raises AddressTaken."""
    name = endpoint.interface
    with inside(namespace) as own:
        if mac:  # it was born with the parent's, and the parent has this one until the container ends
            own.change(stacked.addressed(own.index(name), mac), name)
        try:
            patiently(_DOUBLE, own.set_up, name)
        except OSError as error:
            if error.errno not in _DOUBLE:
                raise
            raise AddressTaken(
                f"network {endpoint.network.name}: the MAC address {endpoint.mac} is in use on"
                f" {parents.of(endpoint.network)}; choose another one"
            ) from error
