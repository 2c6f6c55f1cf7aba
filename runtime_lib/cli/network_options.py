"""What the options of `network create` and `--network` say. Pure."""

from __future__ import annotations

from ..containers.mounts import csv_fields
from ..containers.parts import Attachment
from ..errors import InvalidSpec
from ..records import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from ..networks.spec import SubnetSpec
    from .options import Parsed

_LISTS = ("alias", "driver-opt", "link-local-ip")
_FIELDS = ("name", "ip", "ip6", "mac-address", "gw-priority", *_LISTS)


def subnets(parsed: Parsed) -> tuple[SubnetSpec, ...]:
    """Return the subnets, each with the gateway, the range and the addresses that lie in it, as Docker pairs them.

    Raises InvalidSpec.
    """
    from ..networks.spec import SubnetSpec

    found = [SubnetSpec(text) for text in parsed.subnet]
    for option, field, texts in (("ip-range", "ip_range", parsed.ip_range), ("gateway", "gateway", parsed.gateway)):
        for text in texts:
            at = _inside(found, text, option)
            if getattr(found[at], field):
                raise InvalidSpec(f"--{option}: {found[at].subnet} has {getattr(found[at], field)} already; keep one")
            found[at] = replace(found[at], **{field: text})
    for text in parsed.aux_address:
        name, equals, address = text.partition("=")
        if not equals or not name:
            raise InvalidSpec(f"--aux-address: {text!r} is not NAME=ADDRESS")
        at = _inside(found, address, "aux-address")
        found[at] = replace(found[at], aux_addresses={**found[at].aux_addresses, name: address})
    return tuple(found)


def _inside(found: Sequence[SubnetSpec], text: str, option: str) -> int:
    import ipaddress

    if not found:
        raise InvalidSpec(f"--{option}: {text} needs a --subnet that it lies in")
    try:
        wanted = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise InvalidSpec(f"--{option}: {text!r} is not an address such as 172.30.0.1") from None
    for at, subnet in enumerate(found):
        network = subnet.network()
        if network.version == wanted.version and wanted[0] in network and wanted[-1] in network:
            return at
    raise InvalidSpec(f"--{option}: {text} lies in no --subnet ({', '.join(subnet.subnet for subnet in found)})")


def attachment(text: str) -> Attachment:
    """Return the network of `NAME` or `name=NAME,alias=...,ip=...`. Raises InvalidSpec."""
    if "=" not in text:
        return Attachment(text)
    fields: dict[str, list[str]] = {}
    for part in csv_fields(text, "network"):
        key, equals, value = part.partition("=")
        if not equals or not value or key.strip().lower() not in _FIELDS:
            raise InvalidSpec(f"--network: {part!r} is not KEY=VALUE; the keys are {', '.join(_FIELDS)}")
        fields.setdefault(key.strip().lower(), []).append(value.strip())
    twice = [key for key, values in fields.items() if len(values) > 1 and key not in _LISTS]
    if twice or "name" not in fields:
        raise InvalidSpec(f"--network: {text!r} must have one {twice[0] if twice else 'name'}")
    one = {key: values[0] for key, values in fields.items()}
    return Attachment(
        one["name"],
        tuple(fields.get("alias", ())),
        ipv4_address=one.get("ip"),
        ipv6_address=one.get("ip6"),
        mac_address=one.get("mac-address"),
        **further(fields.get("driver-opt", ()), fields.get("link-local-ip", ()), _priority(one.get("gw-priority"))),
    )


def further(driver_options: Sequence[str], link_local: Sequence[str], priority: int) -> dict[str, Any]:
    """Return what else an attachment says, from the texts of `--driver-opt` and `--link-local-ip`.

    Raises InvalidSpec.
    """
    for text in driver_options:
        if not text.partition("=")[1]:
            raise InvalidSpec(f"network: driver option {text!r} is not KEY=VALUE")
    pairs = dict(text.split("=", 1) for text in driver_options)
    return {"driver_opts": pairs, "link_local_ips": tuple(link_local), "gw_priority": priority}


def _priority(text: str | None) -> int:
    try:
        return int(text or "0")
    except ValueError:
        raise InvalidSpec(f"--network: gw-priority {text!r} is not a number") from None
