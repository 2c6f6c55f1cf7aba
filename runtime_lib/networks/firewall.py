"""Bringing the kernel's rules to what the store says, at the price of a few system calls when nothing changed."""

from __future__ import annotations

import os

from ..jsontext import compact, parse
from ..linux import nftables
from ..records import fields
from ..store import write_file
from . import docker_user, rules
from .model import Network, Published, all_networks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..store import Store


def sync(store: Store, anew: bool = False) -> None:
    """Replace the rules of this installation, in one transaction, unless they seem to be in place already.

    What is `anew` is replaced whatever there seems to be: the look is at the number of rules, and not at the ports.
    Beside Docker its chain DOCKER-USER gets what Skiff's bridges need. Raises OSError, and HostLacks when the host has
    no nft.
    """
    with store.lock("firewall", "rules"):
        networks = all_networks(store)
        wanted = _wanted(store, networks)
        if not anew and _applied(store) == _fingerprint(store, wanted):
            return
        nftables.apply([*wanted, *_beside_docker(store, networks)])
        write_file(_path(store), compact(_fingerprint(store, wanted)).encode())


def _table(store: Store) -> str:
    return store.layout.label.replace("-", "_")


def _wanted(store: Store, networks: list[Network]) -> list[dict[str, Any]]:
    table = _table(store)
    if not networks and not nftables.list_chain("inet", table, rules.USER):
        return rules.removal(table)
    columns = ", ".join([entry.name for entry in fields(Published)])
    ports = [Published(*row) for row in store.query(f"SELECT {columns} FROM ports")]
    return rules.ruleset(table, networks, ports)


def _beside_docker(store: Store, networks: list[Network]) -> list[dict[str, Any]]:
    if (docker_user.TABLE, docker_user.CHAIN) not in nftables.chains(nftables.IPV4):
        return []
    present = nftables.list_chain("ip", docker_user.TABLE, docker_user.CHAIN)
    return docker_user.commands(present, [network.bridge for network in networks if network.hosted], store.layout.label)


def _fingerprint(store: Store, wanted: list[dict[str, Any]]) -> list[object]:
    """Return what is there and what should be: the same again means that nobody has removed any of it."""
    ours = [
        [name, *found]
        for (table, name), found in sorted(nftables.chains(nftables.INET).items())
        if table == _table(store) and name != rules.USER
    ]
    dockers = nftables.chains(nftables.IPV4).get((docker_user.TABLE, docker_user.CHAIN), ())
    return [os.stat("/proc/thread-self/ns/net").st_ino, ours, list(dockers), compact(wanted)]


def _applied(store: Store) -> object:
    try:
        with open(_path(store), encoding="ascii") as file:
            return parse(file.read())
    except (FileNotFoundError, ValueError):
        return None


def _path(store: Store) -> str:
    return f"{store.layout.run}/firewall.json"
