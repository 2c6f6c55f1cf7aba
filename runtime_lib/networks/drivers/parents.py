"""The interface of the host on which macvlan and ipvlan interfaces lie, and what Skiff makes of it.

Option `parent` names one that is there, or a VLAN sub-interface (`eth0.10`), which is made when it is missing; without
the option there is a dummy interface for each network, as with Docker. Skiff knows what it has made by the alias
of the interface (`ip link show`), and takes that away with the last network on it.
"""

from __future__ import annotations

import errno

from ...errors import Conflict, HostLacks, InUse, InvalidSpec
from ...linux.netlink import stacked
from ...linux.netlink.link import Rtnetlink
from ...records import replace
from .. import options
from ..model import all_networks
from . import hostaddresses

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ...store import Store
    from ..model import Network
    from ..spec import NetworkSpec

PARENT = "parent"
DRIVERS = ("macvlan", "ipvlan")
_VLANS = range(1, 4095)  # 0 and 4095 mean something else (IEEE 802.1Q)


def of(network: Network) -> str:
    """Return the name of a network's parent interface."""
    return network.spec.driver_options.get(PARENT) or f"dm-{network.id[:12]}"


def check(spec: NetworkSpec) -> None:
    """Raise InvalidSpec when the parent cannot be one, whatever the host has. Pure."""
    if spec.driver_options.get(PARENT) == "lo":
        raise InvalidSpec(f"network {spec.name}: parent: nothing can lie on the loopback interface; name another one")


def prepare(store: Store, spec: NetworkSpec) -> NetworkSpec:
    """Look whether the parent is there, or can be made, and is free for this driver; keep the host's addresses on it.

    Raises InvalidSpec, InUse and OSError.
    """
    name = spec.driver_options.get(PARENT)
    if name is None:
        return spec
    for network in sharing(store, name):
        if network.driver != spec.driver:
            raise InUse(f"network {spec.name}: {name} is the parent of the {network.driver} network {network.name}")
    with Rtnetlink() as host:
        found = stacked.look(host, name)
        if found is None:
            found = _base(host, spec.name, name)
        else:
            _check_free(host, spec.name, found)
        mtu = int(spec.driver_options.get(options.MTU, "0"))
        if mtu > found.mtu:
            raise InvalidSpec(f"network {spec.name}: {options.MTU} {mtu} is more than the {found.mtu} of {found.name}")
    own = hostaddresses.of(name)
    return replace(spec, subnets=tuple(hostaddresses.reserved(subnet, own) for subnet in spec.subnets))


def sharing(store: Store, name: str) -> list[Network]:
    """Return the networks that lie on an interface."""
    return [network for network in all_networks(store) if network.driver in DRIVERS and of(network) == name]


def ensure(store: Store, network: Network) -> None:
    """Make the parent unless it is there; the check costs one system call.

    Raises HostLacks when it is missing and not ours to make, or the kernel cannot make it; Conflict; OSError.
    """
    name = of(network)
    with Rtnetlink() as host:
        if host.is_up(name):
            return
        with store.lock("parent", name):
            found = stacked.look(host, name)
            if found is None:
                _make(host, network, store.layout.label)
            elif found.alias == store.layout.label:
                host.set_up(name)


def remove(store: Store, network: Network) -> None:
    """Delete what Skiff has made as the network's parent, unless another network lies on it."""
    name = of(network)
    with store.lock("parent", name), Rtnetlink() as host:
        _delete(host, network.bridge)
        if any(other.id != network.id for other in sharing(store, name)):
            return
        found = stacked.look(host, name)
        if found is not None and found.alias == store.layout.label:
            _delete(host, name)


def _base(host: Rtnetlink, network: str, name: str) -> stacked.Facts:
    """Return the interface below a sub-interface that is to be made."""
    base, number = _split(name)
    if not base:
        raise InvalidSpec(f"network {network}: the host has no interface {name}; name one that `ip link` shows")
    if number not in _VLANS:
        raise InvalidSpec(f"network {network}: parent {name}: a VLAN is a number from 1 to 4094")
    found = stacked.look(host, base)
    if found is None:
        raise InvalidSpec(f"network {network}: parent {name}: the host has no interface {base}")
    if found.loopback:
        raise InvalidSpec(f"network {network}: parent {name}: the loopback interface has no VLANs")
    return found


def _split(name: str) -> tuple[str, int]:
    base, dot, number = name.rpartition(".")
    return (base, int(number)) if dot and number.isascii() and number.isdigit() else ("", 0)


def _check_free(host: Rtnetlink, network: str, found: stacked.Facts) -> None:
    if found.loopback:
        raise InvalidSpec(f"network {network}: parent: nothing can lie on the loopback interface; name another one")
    if not found.master:
        return
    master = stacked.look(host, found.master)
    if master is not None and master.kind != "vrf":
        raise InvalidSpec(
            f"network {network}: {found.name} is a port of {master.name}, which takes all that comes in by it;"
            f" use {master.name} as parent"
        )


def _make(host: Rtnetlink, network: Network, alias: str) -> None:
    """Make the parent under the network's own name, mark and rename it: whatever a kill leaves is known as ours."""
    name, draft = of(network), network.bridge
    _delete(host, draft)
    _add(host, network, draft)
    try:
        index = host.index(draft)
        host.change(stacked.aliased(index, alias), draft)
        host.change(stacked.renamed(index, name), name)
    except BaseException:
        _delete(host, draft)
        raise
    host.set_up(name)


def _add(host: Rtnetlink, network: Network, draft: str) -> None:
    name = of(network)
    base, number = _split(name)
    if PARENT not in network.spec.driver_options:
        body, kind = stacked.dummy(draft), "dummy"
    elif base and number in _VLANS and (below := stacked.look(host, base)) is not None:
        body, kind = stacked.vlan(below.index, number, draft), "8021q"
    else:
        raise HostLacks(f"network {network.name}: the host has no interface {name} any more; bring it back")
    try:
        host.add(body, name)
    except FileExistsError as error:
        raise Conflict(
            f"network {network.name}: {base} has an interface of VLAN {number} of another name; use that as parent"
        ) from error
    except OSError as error:
        if error.errno == errno.EOPNOTSUPP:
            raise HostLacks(f"network {network.name}: this host's kernel lacks the module {kind}") from error
        raise


def _delete(host: Rtnetlink, name: str) -> None:
    try:
        host.delete(name)
    except OSError as error:
        if error.errno != errno.ENODEV:
            raise
