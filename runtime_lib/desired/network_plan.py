"""From a network's options and what is there to the steps. Pure."""

from __future__ import annotations

import ipaddress

from ..containers.parts import Attachment
from ..errors import InvalidSpec
from ..networks import peers
from ..networks.options import same
from ..networks.spec import RESERVED, NetworkSpec, SubnetSpec
from ..records import dataclass, field, replace
from . import network_peers
from .container_steps import Connect, Disconnect
from .container_values import labels, numbers_as_texts
from .network_steps import Create, Recover, Remove, Renew
from .plan import Plan

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from .plan import Step

_VERSIONS = ("enable_ipv4", "enable_ipv6")
_PLAIN = ("internal", "attachable", "config_only", "config_from", *_VERSIONS)
_OF_CONFIGURATIONS = {"driver_options", "ipam_config", "ipam_options", "labels", *_VERSIONS}


@dataclass(frozen=True)
class Wish:
    """What a task wants of a network; `given` are the options that it set."""

    spec: NetworkSpec
    state: str = "present"
    given: frozenset[str] = frozenset()
    connected: tuple[str, ...] = ()
    appends: bool = False
    force: bool = False
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Present:
    """A network that exists: its containers by name, with how each is connected, and the names of all containers.

    `subnets` are those that it has, given or chosen, and `gateways` theirs, by subnet. `sound` says that the host has
    all interfaces and entries that an overlay network needs.
    """

    spec: NetworkSpec
    subnets: tuple[SubnetSpec, ...] = ()
    connected: dict[str, Attachment] = field(default_factory=dict)
    everyone: frozenset[str] = frozenset()
    sound: bool = True
    gateways: Mapping[str, str] = field(default_factory=dict)


def wish(options: dict[str, Any]) -> Wish:
    """Return the wish of a task's options. Raises InvalidSpec for what this host cannot have."""
    if options.get("scope") not in (None, "local") or options.get("ingress"):
        raise InvalidSpec(
            f"network {options['name']}: there is no swarm, so scope can only be local, and ingress false"
        )
    spec = NetworkSpec(
        options["name"],
        options.get("driver") or "bridge",
        tuple(_subnet(entry) for entry in options.get("ipam_config") or ()),
        bool(options.get("internal")),
        bool(options.get("attachable")),
        labels(options.get("labels") or {}),
        _driver_options(options.get("driver_options") or {}),
        options.get("enable_ipv4") is not False,
        bool(options.get("enable_ipv6")),
        bool(options.get("config_only")),
        options.get("config_from") or "",
        ipam_options=numbers_as_texts(options.get("ipam_driver_options") or {}),
        peers=peers.from_options(options["name"], options.get("peers") or ()),
    )
    if options["state"] == "present":
        spec.check()
    given = frozenset(key for key, value in options.items() if value not in (None, [], {}))
    if spec.ipam_options:
        given |= {"ipam_options"}
    if options.get("peers") is not None:
        given |= {"peers"}  # none at all is a wish, too
    return Wish(
        spec,
        options["state"],
        given,
        tuple(options.get("connected") or ()),
        bool(options.get("appends")),
        bool(options.get("force")),
        _warnings(options),
    )


def _subnet(entry: dict[str, Any]) -> SubnetSpec:
    if not entry.get("subnet"):
        raise InvalidSpec("ipam_config: each entry needs a subnet, such as 172.30.0.0/16")
    addresses = numbers_as_texts(entry.get("aux_addresses") or {})
    return SubnetSpec(entry["subnet"], entry.get("gateway") or "", entry.get("iprange") or "", addresses)


def _driver_options(given: dict[str, Any]) -> dict[str, str]:
    """Return texts; flags as community.docker writes them."""
    return numbers_as_texts({key: str(one).lower() if isinstance(one, bool) else one for key, one in given.items()})


def _warnings(options: dict[str, Any]) -> tuple[str, ...]:
    if options.get("ipam_driver") in (None, "default") and not options.get("ipam_driver_options"):
        return ()
    return ("ipam_driver and ipam_driver_options have no effect: addresses are given out by Skiff itself",)


def plan(wanted: Wish, present: Present | None, interrupted: bool = False, everyone: Iterable[str] = ()) -> Plan:
    """Return the steps. A network that differs is made anew, and its containers are connected to the new one.

    `interrupted` says that a task was killed while it did that: what it has left is finished or undone first.
    `everyone` are the names of all containers, for a network that is not there.
    """
    found = _plan(wanted, present, frozenset(everyone))
    if not interrupted or any(isinstance(step, Renew) for step in found.steps):
        return found
    first = Plan((Recover(wanted.spec.name),), {"interrupted": True}, {"interrupted": False})
    return replace(_joined(first, found), details=found.details)


def _plan(wanted: Wish, present: Present | None, everyone: frozenset[str]) -> Plan:
    name = wanted.spec.name
    if wanted.state == "absent":
        if present is None:
            return Plan()
        gone = [Disconnect(container, name) for container in sorted(present.connected)]
        return Plan((*gone, Remove(name)), {"exists": True}, {"exists": False})
    if present is None:
        if name in RESERVED:
            raise InvalidSpec(f"network {name} is predefined: choose another name")
        joins = [Connect(container, Attachment(name)) for container in wanted.connected if container in everyone]
        return Plan((Create(wanted.spec), *joins), {"exists": False}, {"exists": True})
    wanted = replace(wanted, spec=network_peers.completed(wanted.spec, "peers" in wanted.given, present.spec))
    before, after = differences(wanted, present)
    if before or wanted.force:
        if name in RESERVED:
            raise InvalidSpec(f"network {name} is predefined and cannot be made anew")
        return _recreate(wanted, present, before or {"recreated": False}, after or {"recreated": True})
    return _joined(network_peers.plan(wanted.spec, present.spec, present.sound), _connections(wanted, present))


def _joined(first: Plan, second: Plan) -> Plan:
    return Plan((*first.steps, *second.steps), {**first.before, **second.before}, {**first.after, **second.after})


def differences(wanted: Wish, present: Present) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what differs, as (before, after); options that the task did not set are not looked at."""
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    spec, there = wanted.spec, present.spec
    for key in ("driver", *_PLAIN):
        if (key == "driver" or key in wanted.given) and getattr(spec, key) != getattr(there, key):
            before[key], after[key] = getattr(there, key), getattr(spec, key)
    for key in ("driver_options", "ipam_options", "labels"):
        for entry, value in getattr(spec, key).items():
            if not same(entry, getattr(there, key).get(entry), value):
                before[f"{key}.{entry}"], after[f"{key}.{entry}"] = getattr(there, key).get(entry), value
    if "ipam_config" in wanted.given:
        mine, theirs = _ipam(spec.subnets), _ipam(present.subnets, present.gateways)
        if not all(any(one.items() <= other.items() for other in theirs) for one in mine):
            before["ipam_config"], after["ipam_config"] = theirs, mine
    return before, after


def _ipam(subnets: tuple[SubnetSpec, ...], gateways: Mapping[str, str] | None = None) -> list[dict[str, Any]]:
    result = []
    for subnet in subnets:
        network = str(ipaddress.ip_network(subnet.subnet))
        gateway = subnet.gateway or (gateways or {}).get(network, "")
        entry = {
            "subnet": network,
            "gateway": gateway and str(ipaddress.ip_address(gateway)),
            "iprange": subnet.ip_range and str(ipaddress.ip_network(subnet.ip_range, strict=False)),
        }
        entry.update({f"aux_addresses.{name}": address for name, address in subnet.aux_addresses.items()})
        result.append({key: value for key, value in entry.items() if value})
    return result


def _recreate(wanted: Wish, present: Present, before: dict[str, Any], after: dict[str, Any]) -> Plan:
    name = wanted.spec.name
    leaves = _leaves(wanted, present)
    members = tuple(sorted(set(present.connected) - set(leaves)))
    steps: list[Step] = [Disconnect(container, name) for container in leaves]
    steps.append(Renew(_renewed(wanted, present), members))
    steps += [Connect(other, Attachment(name)) for other in _newcomers(wanted, present)]
    return Plan(tuple(steps), before, after, {"reconnected": list(members)})


def _renewed(wanted: Wish, present: Present) -> NetworkSpec:
    """Return the wanted network, with what is there in place of options that the task does not set."""
    spec, there, given = wanted.spec, present.spec, wanted.given
    kept = {key: getattr(there, key) for key in ("internal", "attachable", "config_only") if key not in given}
    source = spec.config_from or ("" if given & _OF_CONFIGURATIONS else there.config_from)
    if source:
        return replace(spec, **kept, config_from=source)
    kept.update({key: getattr(there, key) for key in ("labels", "ipam_options", *_VERSIONS) if key not in given})
    if spec.driver == there.driver and "driver_options" not in given:
        kept["driver_options"] = there.driver_options
    if spec.driver == there.driver and "ipam_config" not in given:
        versions = replace(spec, **kept).versions
        kept["subnets"] = tuple(one for one in present.subnets if one.network().version in versions)
    return replace(spec, **kept)


def _connections(wanted: Wish, present: Present) -> Plan:
    name = wanted.spec.name
    joins = _newcomers(wanted, present)
    leaves = _leaves(wanted, present)
    if not joins and not leaves:
        return Plan()
    after = sorted({*present.connected, *joins} - set(leaves))
    steps: list[Step] = [Connect(container, Attachment(name)) for container in joins]
    steps += [Disconnect(container, name) for container in leaves]
    return Plan(tuple(steps), {"connected": sorted(present.connected)}, {"connected": after})


def _leaves(wanted: Wish, present: Present) -> list[str]:
    if not wanted.connected or wanted.appends:
        return []
    return sorted(set(present.connected) - set(wanted.connected))


def _newcomers(wanted: Wish, present: Present) -> list[str]:
    """Return the containers to connect; names that do not exist are skipped, as in community.docker."""
    return [name for name in wanted.connected if name in present.everyone and name not in present.connected]
