"""The `network` module's work."""

from __future__ import annotations

from contextlib import nullcontext

from ..errors import NetworkNotFound
from ..networks import catalog, overlay
from ..networks.model import endpoints
from .network_plan import Present, plan, wish
from .plan import PATIENCE, Outcome, converge

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..store import Store


def perform(store: Store, options: dict[str, Any], check: bool) -> Outcome:
    """Make or remove the network as the options want it; with `check`, only say what would be done."""
    wanted = wish(options)
    with nullcontext() if check else store.lock("task", f"network-{wanted.spec.name}", PATIENCE):
        steps = plan(wanted, _observe(store, wanted.spec.name))
        if not check:
            converge(store, steps)
    told = {} if wanted.state == "absent" else facts(store, wanted.spec.name)
    return Outcome(told, steps, steps.changed, wanted.warnings)


def _observe(store: Store, name: str) -> Present | None:
    from ..containers import catalog as containers
    from .container_observe import networks

    try:
        network = catalog.find(store, name)
    except NetworkNotFound:
        return None
    everyone = containers.listing(store)
    connected = {}
    for container in everyone:
        for attachment in networks(container):
            if attachment.name in (network.name, network.id):
                connected[container.name] = attachment
    subnets = network.spec.subnets
    sound = network.driver != "overlay" or overlay.sound(network)
    return Present(network.spec, subnets, connected, frozenset(container.name for container in everyone), sound)


def facts(store: Store, name: str) -> dict[str, Any]:
    """Return what a task tells of a network: `network`, None when there is none, and `overlay` of such a one."""
    try:
        network = catalog.find(store, name)
    except NetworkNotFound:
        return {"network": None}
    told = {"network": catalog.inspect(store, name)}
    if network.driver == "overlay":
        told["overlay"] = overlay.described(network, endpoints(store, network_id=network.id))
    return told
