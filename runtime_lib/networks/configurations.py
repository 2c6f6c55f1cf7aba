"""Networks that are only a configuration for others (`config_only`), and networks made from one (`config_from`).

A configuration has no interface, and its subnets are free for others. A network made from it copies its subnets, driver
options, labels and IPv6; the rest is the network's own. Both as with Docker.
"""

from __future__ import annotations

from ..errors import InvalidSpec, NetworkNotFound
from ..records import replace
from .model import stored

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..store import Store
    from .model import Network
    from .spec import NetworkSpec

_COPIED = ("subnets", "labels", "driver_options", "ipam_options", "enable_ipv4", "enable_ipv6")


def listing(store: Store) -> list[Network]:
    """Return the configurations of the store, by name."""
    return [network for network in stored(store) if network.spec.config_only]


def check(spec: NetworkSpec) -> None:
    """Raise InvalidSpec when a configuration has what only a network can have, or is made from another one. Pure."""
    if not spec.config_only:
        return
    if spec.config_from:
        raise InvalidSpec(f"network {spec.name}: a configuration (config_only) cannot be made from another one")
    given = [key for key in ("internal", "attachable") if getattr(spec, key)]
    if given:
        raise InvalidSpec(
            f"network {spec.name}: a configuration (config_only) cannot be {given[0]}; set that for the networks made"
            " from it"
        )


def applied(store: Store, spec: NetworkSpec) -> NetworkSpec:
    """Return the description of a network with what the configuration says that it is made from.

    Raises NetworkNotFound when there is none of that name, and InvalidSpec when the network says such things itself.
    """
    if not spec.config_from:
        return spec
    plain = type(spec)(spec.name)
    for key in _COPIED:
        if getattr(spec, key) != getattr(plain, key):
            raise InvalidSpec(f"network {spec.name}: {key} comes from {spec.config_from} (config_from): leave it out")
    for found in listing(store):
        if found.name == spec.config_from:
            return replace(spec, **{key: getattr(found.spec, key) for key in _COPIED})
    raise NetworkNotFound(
        f"network {spec.name}: there is no configuration {spec.config_from}; make it first, with config_only"
    )
