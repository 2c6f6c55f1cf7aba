"""`skiff network` and its verbs."""

from __future__ import annotations

from ..conditions import from_texts
from ..errors import InvalidSpec
from . import network_peers, opened, output, prune
from .container_spec import pairs
from .inspect import show
from .lifecycle import each
from .network_options import further
from .options import FLAG, LIST, TEXT, WHOLE, Option, Usage, group

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..networks.model import Network
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
CREATE = Usage(
    "network create",
    "[OPTIONS] NETWORK",
    "Create a network",
    (
        Option("attachable", "", FLAG, "Kept and shown"),
        Option("aux-address", "", LIST, "Address that no container gets, as NAME=ADDRESS"),
        Option("config-from", "", TEXT, "Make it as this configuration says"),
        Option("config-only", "", FLAG, "Make no network, but a configuration for others"),
        Option("driver", "d", TEXT, "Driver (default bridge)"),
        Option("gateway", "", LIST, "Address of the host on the network"),
        Option("ingress", "", FLAG, "Refused: there is no swarm"),
        Option("internal", "", FLAG, "Nothing comes in or out"),
        Option("ip-range", "", LIST, "Give out addresses of this part of the subnet only"),
        Option("ipam-driver", "", TEXT, "Only default: Skiff gives out the addresses itself"),
        Option("ipam-opt", "", LIST, "Kept and shown"),
        Option("ipv4", "", FLAG, "IPv4 (--ipv4=false: none)"),
        Option("ipv6", "", FLAG, "IPv6"),
        Option("label", "", LIST, "Set labels"),
        Option("opt", "o", LIST, "Driver options"),
        network_peers.PEER,
        Option("scope", "", TEXT, "Only local"),
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
        Option("driver-opt", "", LIST, "Options for its interface (com.docker.network.endpoint.sysctls=...)"),
        Option("gw-priority", "", WHOLE, "The default route goes by the network with the highest one"),
        Option("ip", "", TEXT, "IPv4 address"),
        Option("ip6", "", TEXT, "IPv6 address"),
        Option("link", "", LIST, "Add a link to another container on the network"),
        Option("link-local-ip", "", LIST, "Further address of its interface, of 169.254.0.0/16 or fe80::/64"),
        Option("mac-address", "", TEXT, "MAC address"),
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
_RELOAD = Usage(
    "network reload",
    "[NETWORK...]",
    "Bring back what the host has lost of networks: rules, bridges, interfaces",
    (),
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
        "peers": network_peers.peers,
        "prune": prune.networks,
        "reload": reload,
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
    from .network_options import subnets

    parsed = CREATE.parse(words)
    _check_for_swarm(parsed)
    spec = NetworkSpec(
        parsed.arguments[0],
        parsed.driver or "bridge",
        subnets=subnets(parsed),
        internal=bool(parsed.internal),
        attachable=bool(parsed.attachable),
        labels=pairs([text if "=" in text else f"{text}=" for text in parsed.label], "label"),
        driver_options=pairs(parsed.opt, "opt"),
        enable_ipv4=parsed.ipv4 is not False,
        enable_ipv6=bool(parsed.ipv6),
        config_only=bool(parsed.config_only),
        config_from=parsed.config_from or "",
        peers=network_peers.parsed(parsed.arguments[0], parsed.peer) if parsed.peer else (),
        ipam_options=pairs(parsed.ipam_opt, "ipam-opt"),
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
    addresses = {"ipv4_address": parsed.ip, "ipv6_address": parsed.ip6, "mac_address": parsed.mac_address}
    attachment = Attachment(
        name,
        tuple(parsed.alias),
        tuple(parsed.link),
        **addresses,
        **further(parsed.driver_opt, parsed.link_local_ip, parsed.gw_priority or 0),
    )
    engine.connect(opened.store(), container, attachment)
    return 0


def disconnect(words: list[str]) -> int:
    """Disconnect a container from a network."""
    from ..containers import connect as engine

    name, container = _DISCONNECT.parse(words).arguments
    engine.disconnect(opened.store(), container, name)
    return 0


def _check_for_swarm(parsed: Parsed) -> None:
    if parsed.ingress or parsed.scope not in (None, "", "local"):
        raise InvalidSpec("network create: --ingress and --scope other than local need a swarm, and there is none here")
    if parsed.ipam_driver not in (None, "", "default"):
        raise InvalidSpec(
            f"--ipam-driver {parsed.ipam_driver}: only default is there: Skiff gives out the addresses itself"
        )


def reload(words: list[str]) -> int:
    """Bring back what the host has lost, and print the networks."""
    from ..networks import mending

    reloaded = mending.reload(opened.store(), _RELOAD.parse(words).arguments)
    output.write_lines([network.name for network in reloaded])
    return 0


def _describe(network: Network, whole: bool) -> dict[str, Any]:
    """Return the fields of `docker network ls --format json`."""
    labels = network.spec.labels
    return {
        "CreatedAt": output.local_time(network.created),
        "Driver": network.driver,
        "ID": network.id if whole else network.id[:12],
        "IPv6": str(network.spec.enable_ipv6).lower(),
        "Internal": str(network.internal).lower(),
        "Label": lambda key: labels.get(key, ""),
        "Labels": ",".join(f"{key}={value}" for key, value in sorted(labels.items())),
        "Name": network.name,
        "Scope": "local",
    }
