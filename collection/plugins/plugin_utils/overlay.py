# Copyright (c) The Skiff developers
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hosts of an overlay network from the inventory: where each is, and which part of the subnet is its own. Pure."""

from __future__ import annotations

import ipaddress

from ansible.errors import AnsibleFilterError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    Variables = Mapping[str, Any]

ADDRESS = "skiff_overlay_address"
# The variable with a host's slice, by IP version.
SLICE = {4: "skiff_overlay_slice", 6: "skiff_overlay_slice6"}
PREFIX = {4: 24, 6: 80}  # of a slice where nobody says another one
_SMALLEST = {4: 30, 6: 126}  # prefix length of a slice with room for a gateway and a container


def slices(hosts: Sequence[str], hostvars: Mapping[str, Variables], subnet: str, prefix: int = 0) -> dict[str, Any]:
    """Return the slice of each host. Raises AnsibleFilterError when two hosts have the same one, or parts of it.

    A `prefix` of 0 is that of `PREFIX`.
    """
    whole = _subnet(subnet)
    prefix, smallest = prefix or PREFIX[whole.version], _SMALLEST[whole.version]
    if not whole.prefixlen < prefix <= smallest:
        raise AnsibleFilterError(
            f"overlay: slices of /{prefix} do not divide {whole}; use a prefix from {whole.prefixlen + 1} to {smallest}"
        )
    found: dict[str, Any] = {}
    for host in dict.fromkeys(hosts):
        part = _slice(host, hostvars[host], whole, prefix)
        for other, taken in found.items():
            if part.overlaps(taken):
                raise AnsibleFilterError(
                    f"overlay: {host} has the slice {part}, and {other} has {taken}; set {SLICE[whole.version]} of one of them to"
                    " a number"
                )
        found[host] = part
    return found


def peers(
    hosts: Sequence[str],
    hostvars: Mapping[str, Variables],
    this: str,
    subnet: str,
    prefix: int,
    registered: str,
    subnet6: str = "",
    prefix6: int = 0,
) -> list[dict[str, Any]]:
    """Return all hosts but this one, for the option `peers` of the module `network`.

    `subnet6` and `prefix6` are of a network that has IPv6 too.

    `registered` names the variable in which each host's task of that module has left its result: keys and containers
    are taken from there. A host without it says nothing of them.
    """
    own, own6 = slices(hosts, hostvars, subnet, prefix), slices(hosts, hostvars, subnet6, prefix6) if subnet6 else {}
    return [
        {
            "name": host,
            "address": address(host, hostvars[host]),
            "slice": str(part),
            **({"slice6": str(own6[host])} if own6 else {}),
            **_told(hostvars[host], registered),
        }
        for host, part in own.items()
        if host != this
    ]


def address(host: str, variables: Variables) -> str:
    """Return the address of a host by which the others reach it. Raises AnsibleFilterError when it has none."""
    facts = variables.get("ansible_facts") or {}
    gathered = variables.get("ansible_default_ipv4") or facts.get("default_ipv4") or {}
    for text in (variables.get(ADDRESS), gathered.get("address"), variables.get("ansible_host")):
        if text and (_is_address(str(text)) or text == variables.get(ADDRESS)):
            return _address(host, str(text))
    raise AnsibleFilterError(f"overlay: no address of {host} is known: gather its facts, or set {ADDRESS}")


def _told(variables: Variables, registered: str) -> dict[str, Any]:
    result = variables.get(registered) if registered else None
    told = (result or {}).get("overlay") or {}
    known = {"endpoints": list(told["endpoints"])} if "endpoints" in told else {}
    return {**known, "public_key": told["public_key"]} if told.get("public_key") else known


def _slice(host: str, variables: Variables, whole: Any, prefix: int) -> Any:
    key = SLICE[whole.version]
    wanted = variables.get(key)
    if wanted is not None and "/" in str(wanted):
        part = _subnet(str(wanted))
        if part.version != whole.version or not part.subnet_of(whole):
            raise AnsibleFilterError(f"overlay: {key} of {host}: {part} is not inside {whole}")
        return part
    count = 2 ** (prefix - whole.prefixlen)
    number = int(ipaddress.ip_address(address(host, variables))) % count if wanted is None else _number(key, host, wanted)
    if not 0 <= number < count:
        raise AnsibleFilterError(f"overlay: {key} of {host}: {whole} has the slices 0 to {count - 1}, and no {number}")
    return ipaddress.ip_network((int(whole.network_address) + (number << (whole.max_prefixlen - prefix)), prefix))


def _number(key: str, host: str, text: object) -> int:
    try:
        return int(str(text))
    except ValueError as error:
        raise AnsibleFilterError(f"overlay: {key} of {host}: {text!r} is neither a number nor a subnet") from error


def _subnet(text: str) -> Any:
    try:
        return ipaddress.ip_network(text)
    except ValueError as error:
        raise AnsibleFilterError(f"overlay: {text!r} is not a subnet such as 10.20.0.0/16 or fd00:20::/64") from error


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _address(host: str, text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError as error:
        raise AnsibleFilterError(f"overlay: {ADDRESS} of {host}: {text!r} is not an IP address") from error
