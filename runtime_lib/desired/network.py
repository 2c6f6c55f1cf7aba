"""The `network` module's work."""

from __future__ import annotations

from contextlib import nullcontext

from ..containers import catalog as containers
from ..containers import renewal
from ..errors import NetworkNotFound, SkiffError
from ..networks import catalog, driver, overlay
from ..networks.model import endpoints
from .network_plan import Present, plan, wish
from .network_steps import Create
from .plan import PATIENCE, Outcome, converge

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..containers.parts import Attachment
    from ..networks.spec import NetworkSpec
    from ..store import Store
    from .plan import Plan


def perform(store: Store, options: dict[str, Any], check: bool) -> Outcome:
    """Make or remove the network as the options want it; with `check`, only say what would be done."""
    wanted = wish(options)
    with nullcontext() if check else store.lock("task", f"network-{wanted.spec.name}", PATIENCE):
        name = wanted.spec.name
        interrupted = renewal.interrupted(store, name)
        everyone = [container.name for container in containers.listing(store)] if wanted.connected else []
        steps = plan(wanted, _observe(store, name, interrupted), interrupted is not None, everyone)
        hindrance = _hindrance(store, steps) if check else ()
        if not check:
            converge(store, steps)
    told = {} if wanted.state == "absent" else facts(store, wanted.spec.name)
    return Outcome(told, steps, steps.changed, (*wanted.warnings, *hindrance))


def _observe(store: Store, name: str, interrupted: NetworkSpec | None) -> Present | None:
    """Return what there is of a network; of one that a killed task was making anew, what there was."""
    try:
        network = catalog.find(store, name)
    except NetworkNotFound:
        if interrupted is None:
            return None
        return Present(interrupted, interrupted.subnets, *_containers(store, interrupted.name))
    sound = not driver.has_peers(network.driver) or overlay.sound(network)
    gateways = {str(subnet.network): str(subnet.gateway) for subnet in network.subnets}
    return Present(network.spec, network.subnet_specs, *_containers(store, network.name, network.id), sound, gateways)


def _hindrance(store: Store, steps: Plan) -> tuple[str, ...]:
    """Return why a network could not be made now: a warning, since an earlier task of the same play may change that."""
    try:
        for step in steps.steps:
            if isinstance(step, Create):
                catalog.check_new(store, step.spec)
    except SkiffError as error:
        return (f"as the host is now, the task would fail: {error}",)
    return ()


def _containers(store: Store, *refs: str) -> tuple[dict[str, Attachment], frozenset[str]]:
    """Return how containers are connected to the network that `refs` mean, and the names of all containers."""
    from .container_observe import networks

    everyone = containers.listing(store)
    connected = {
        container.name: attachment
        for container in everyone
        for attachment in networks(container)
        if attachment.name in refs
    }
    return connected, frozenset(container.name for container in everyone)


def facts(store: Store, name: str) -> dict[str, Any]:
    """Return what a task tells of a network: `network`, None when there is none, and `overlay` of such a one."""
    try:
        network = catalog.find(store, name)
    except NetworkNotFound:
        return {"network": None}
    told = {"network": catalog.inspect(store, name)}
    if driver.has_peers(network.driver):
        told["overlay"] = overlay.described(network, endpoints(store, network_id=network.id))
    return told
