"""`skiff network` and its verbs."""

from __future__ import annotations

from ..conditions import from_texts
from ..errors import InvalidSpec
from . import opened, output, prune
from .container_spec import pairs
from .inspect import show
from .lifecycle import each
from .options import FLAG, LIST, TEXT, Option, Usage, group

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..networks.model import Network
    from ..networks.spec import SubnetSpec
    from .options import Parsed

_LS = Usage(
    "network ls",
    "[OPTIONS]",
    "List networks",
    (
        Option("filter", "f", LIST, "Only those with dangling=, driver=, id=, label=, name=, scope=, type="),
        Option("format", "", TEXT, "json, table, or a Go template such as {{.Name}}"),
        Option("no-trunc", "", FLAG, "Do not shorten"),
        Option("quiet", "q", FLAG, "Ids only"),
    ),
    0,
    0,
)
_CREATE = Usage(
    "network create",
    "[OPTIONS] NETWORK",
    "Create a network",
    (
        Option("attachable", "", FLAG, "Accepted for Docker's sake"),
        Option("driver", "d", TEXT, "Driver (default bridge)"),
        Option("gateway", "", LIST, "Address of the host on the network"),
        Option("internal", "", FLAG, "Nothing comes in or out"),
        Option("ip-range", "", LIST, "Give out addresses of this part of the subnet only"),
        Option("ipv6", "", FLAG, "IPv6"),
        Option("label", "", LIST, "Set labels"),
        Option("opt", "o", LIST, "Driver options"),
        Option("subnet", "", LIST, "Subnet, such as 172.30.0.0/16"),
    ),
    1,
    1,
)
_RM = Usage(
    "network rm",
    "NETWORK [NETWORK...]",
    "Remove networks",
    (Option("force", "f", FLAG, "A missing one is no error"),),
    1,
)
_INSPECT = Usage(
    "network inspect",
    "[OPTIONS] NETWORK [NETWORK...]",
    "Print all that is known of networks",
    (Option("format", "f", TEXT, "json, or a Go template"), Option("verbose", "v", FLAG, "Accepted for Docker's sake")),
    1,
)
_CONNECT = Usage(
    "network connect",
    "[OPTIONS] NETWORK CONTAINER",
    "Connect a container to a network",
    (
        Option("alias", "", LIST, "Further names on the network"),
        Option("ip", "", TEXT, "IPv4 address"),
        Option("ip6", "", TEXT, "IPv6 address"),
    ),
    2,
    2,
)
_DISCONNECT = Usage(
    "network disconnect",
    "[OPTIONS] NETWORK CONTAINER",
    "Disconnect a container from a network",
    (Option("force", "f", FLAG, "Accepted for Docker's sake"),),
    2,
    2,
)
_COLUMNS = (("NETWORK ID", "ID"), ("NAME", "Name"), ("DRIVER", "Driver"), ("SCOPE", "Scope"))


def network(words: list[str]) -> int:
    """Run one of the verbs."""
    verbs = {
        "connect": connect,
        "create": create,
        "disconnect": disconnect,
        "inspect": inspect,
        "list": listing,
        "ls": listing,
        "prune": prune.networks,
        "remove": remove,
        "rm": remove,
    }
    return group("network", "Networks that containers join", verbs, words)


def listing(words: list[str]) -> int:
    """List networks as Docker does."""
    from ..networks.filters import matching

    parsed = _LS.parse(words)
    found = matching(opened.store(), from_texts(parsed.filter))
    entries = [_describe(network, bool(parsed.no_trunc)) for network in found]
    output.rows(entries, _COLUMNS, parsed.format, quiet="ID" if parsed.quiet else "")
    return 0


def create(words: list[str]) -> int:
    """Create a network and print its id."""
    from ..networks import catalog
    from ..networks.spec import NetworkSpec

    parsed = _CREATE.parse(words)
    spec = NetworkSpec(
        parsed.arguments[0],
        parsed.driver or "bridge",
        subnets=_subnets(parsed),
        internal=bool(parsed.internal),
        labels=pairs([text if "=" in text else f"{text}=" for text in parsed.label], "label"),
        driver_options=pairs(parsed.opt, "opt"),
    )
    output.write_lines([catalog.create(opened.store(), spec).id])
    return 0


def remove(words: list[str]) -> int:
    """Remove networks."""
    from ..errors import NetworkNotFound
    from ..networks import catalog

    parsed = _RM.parse(words)
    store = opened.store()

    def one(name: str) -> None:
        try:
            catalog.remove(store, name)
        except NetworkNotFound:
            if not parsed.force:
                raise

    return each(parsed, one)


def inspect(words: list[str]) -> int:
    """Print networks."""
    from ..networks import catalog

    parsed = _INSPECT.parse(words)
    store = opened.store()
    return show(lambda name: catalog.inspect(store, name), parsed.arguments, parsed.format)


def connect(words: list[str]) -> int:
    """Connect a container to one more network."""
    from ..containers import connect as engine
    from ..containers.parts import Attachment

    parsed = _CONNECT.parse(words)
    name, container = parsed.arguments
    attachment = Attachment(name, tuple(parsed.alias), ipv4_address=parsed.ip, ipv6_address=parsed.ip6)
    engine.connect(opened.store(), container, attachment)
    return 0


def disconnect(words: list[str]) -> int:
    """Disconnect a container from a network."""
    from ..containers import connect as engine

    name, container = _DISCONNECT.parse(words).arguments
    engine.disconnect(opened.store(), container, name)
    return 0


def _subnets(parsed: Parsed) -> tuple[SubnetSpec, ...]:
    """Pair the options by their order, as Docker does."""
    from ..networks.spec import SubnetSpec

    if len(parsed.gateway) > len(parsed.subnet) or len(parsed.ip_range) > len(parsed.subnet):
        raise InvalidSpec("network create: --gateway and --ip-range need a --subnet each")
    gateways = [*parsed.gateway, *[""] * len(parsed.subnet)]
    ranges = [*parsed.ip_range, *[""] * len(parsed.subnet)]
    return tuple(SubnetSpec(subnet, gateways[at], ranges[at]) for at, subnet in enumerate(parsed.subnet))


def _describe(network: Network, whole: bool) -> dict[str, Any]:
    """Return the fields of `docker network ls --format json`."""
    labels = network.spec.labels
    has_ipv6 = any(subnet.network.version == 6 for subnet in network.subnets)
    return {
        "CreatedAt": output.local_time(network.created),
        "Driver": network.driver,
        "ID": network.id if whole else network.id[:12],
        "IPv6": str(has_ipv6).lower(),
        "Internal": str(network.internal).lower(),
        "Label": lambda key: labels.get(key, ""),
        "Labels": ",".join(f"{key}={value}" for key, value in sorted(labels.items())),
        "Name": network.name,
        "Scope": "local",
    }
