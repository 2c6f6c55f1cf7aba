"""`skiff network` and its verbs."""

from __future__ import annotations

from ..errors import InvalidSpec
from . import opened, output
from .container_spec import pairs
from .inspect import show
from .lifecycle import each
from .options import FLAG, LIST, TEXT, Option, Usage, group

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..networks.spec import SubnetSpec
    from .options import Parsed

_LS = Usage(
    "network ls",
    "[OPTIONS]",
    "List networks",
    (
        Option("filter", "f", LIST, "Only those with name=, id=, driver=, label="),
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
        "remove": remove,
        "rm": remove,
    }
    return group("network", "Networks that containers join", verbs, words)


def listing(words: list[str]) -> int:
    """List networks as Docker does."""
    from ..networks import catalog

    parsed = _LS.parse(words)
    store = opened.store()
    entries = [_describe(catalog.inspect(store, found.id), bool(parsed.no_trunc)) for found in catalog.listing(store)]
    wanted = [_condition(text) for text in parsed.filter]
    entries = [entry for entry in entries if all(_matches(entry, key, value) for key, value in wanted)]
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


def _describe(found: dict[str, Any], whole: bool) -> dict[str, str]:
    """Return the fields of `docker network ls --format json`."""
    created = found["Created"].replace("T", " ").replace("Z", " +0000 UTC")
    return {
        "CreatedAt": created,
        "Driver": found["Driver"],
        "ID": found["Id"] if whole else found["Id"][:12],
        "IPv6": str(found["EnableIPv6"]).lower(),
        "Internal": str(found["Internal"]).lower(),
        "Labels": ",".join(f"{key}={value}" for key, value in sorted(found["Labels"].items())),
        "Name": found["Name"],
        "Scope": found["Scope"],
    }


def _condition(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or key not in ("driver", "id", "label", "name"):
        raise InvalidSpec(f"--filter: {text!r}; use name=, id=, driver= or label=")
    return key, value


def _matches(entry: dict[str, str], key: str, value: str) -> bool:
    if key == "label":
        return any(label == value or label.startswith(f"{value}=") for label in entry["Labels"].split(","))
    if key == "driver":
        return entry["Driver"] == value
    return value.strip("^$") in entry["Name"] if key == "name" else entry["ID"].startswith(value[: len(entry["ID"])])
