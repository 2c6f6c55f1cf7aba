"""Join a container to a network, or take it out of one; also while it runs."""

from __future__ import annotations

from ipaddress import ip_address

from ..errors import Conflict, InvalidSpec
from ..linux import netns
from ..networks import attach, names
from ..networks import catalog as networks
from ..networks.model import endpoints
from ..records import replace
from ..store import Store
from . import namespaces, network_checks, published, wiring
from .catalog import Container, find, state
from .parts import Attachment
from .spec import ContainerSpec
from .update import save

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ipaddress import IPv4Address, IPv6Address

    from ..linux.process import Process
    from ..networks.model import Network


def connect(store: Store, ref: str, attachment: Attachment, first: bool = False) -> None:
    """Join a container to one more network, at once when it runs, else at its next start.

    With `first` that is the first of its networks from now on. Raises NetworkNotFound, Conflict (it is on that network
    already, or has no network of its own), AddressTaken.
    """
    container = find(store, ref)
    with store.lock("container", container.id):
        container = find(store, container.id)
        container.check_known()
        spec = container.spec
        _check_own(container)
        network = networks.joinable(store, attachment.name)
        _check_wish(network, attachment)
        if any(_network(store, wish.network).id == network.id for wish in wiring.attachments(spec)):
            raise Conflict(f"container {container.name} is on network {network.name} already")
        mode = network.name if first or spec.network_mode == "none" else spec.network_mode
        changed = replace(spec, network_mode=mode, networks=(*spec.networks, replace(attachment, name=network.name)))
        network_checks.network(changed)
        process = state(store, container).process
        if process:
            _attach(store, container, network, changed, process, first)
        save(store, container, changed)


def disconnect(store: Store, ref: str, network_ref: str) -> None:
    """Take a container out of a network. Raises NetworkNotFound, and Conflict when it is not on it."""
    container = find(store, ref)
    with store.lock("container", container.id):
        container = find(store, container.id)
        container.check_known()
        network = _network(store, network_ref)
        left = _without(store, container.spec, network.id)
        if left is None:
            raise Conflict(f"container {container.name} is not on network {network.name}")
        before = published.present(store, container.id)
        attach.detach(store, container.id, network)
        process = state(store, container).process
        if process:
            _reroute(store, container, process)
        rest = endpoints(store, container.id)
        for endpoint in rest:  # its own file still has the neighbours that it has left
            names.refresh(store, endpoint.network.id)
        save(store, container, left)
        published.again(store, container, rest, before)


def _attach(
    store: Store, container: Container, network: Network, spec: ContainerSpec, process: Process, first: bool
) -> None:
    wish = next(wish for wish in wiring.attachments(spec) if wish.network == network.name)
    with netns.of(process) as namespace:
        made = attach.attach(store, container.id, container.name, namespace, [wish])
        try:
            published.first(store, container, made)
            if first:  # what leads in and out goes by it, as from the next start on
                attach.reroute(store, container.id, namespace, network.id)
                published.moved(store, container, network.id)
        except BaseException:
            attach.detach(store, container.id, network)
            raise
    names.refresh(store, network.id)


def _reroute(store: Store, container: Container, process: Process) -> None:
    try:
        with netns.of(process) as namespace:
            attach.reroute(store, container.id, namespace)
    except ProcessLookupError:
        pass  # it has ended meanwhile, and its namespace with it


def _without(store: Store, spec: ContainerSpec, network_id: str) -> ContainerSpec | None:
    """Return the description without a network, or None when it is not in it. The next one takes the first's place."""
    kept = tuple(entry for entry in spec.networks if _network(store, entry.name).id != network_id)
    first = namespaces.own_network(spec) and spec.network_mode != "none"
    if first and _network(store, spec.network_mode).id == network_id:
        return replace(spec, networks=kept, network_mode=kept[0].name if kept else "none")
    return replace(spec, networks=kept) if len(kept) < len(spec.networks) else None


def _network(store: Store, ref: str) -> Network:
    return networks.ensure_default(store) if ref in (networks.DEFAULT, "default") else networks.find(store, ref)


def _check_wish(network: Network, wish: Attachment) -> None:
    if wish.aliases and not network.has_names:
        raise InvalidSpec(f"network {network.name} has no names, so there are no aliases; use a network of your own")
    for text, version in ((wish.ipv4_address, 4), (wish.ipv6_address, 6)):
        if not text:
            continue
        address = _address(text)
        if address is None or address.version != version:
            raise InvalidSpec(f"network {network.name}: {text!r} is not an IPv{version} address")
        subnets = [subnet.network for subnet in network.subnets]
        if not any(address in subnet for subnet in subnets):
            there = ", ".join(str(subnet) for subnet in subnets)
            raise InvalidSpec(
                f"network {network.name}: {address} is not inside its subnets ({there}); choose another one"
            )


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None


def _check_own(container: Container) -> None:
    if not namespaces.own_network(container.spec):
        raise Conflict(f"container {container.name} has no network of its own (network_mode), so it cannot join others")
