"""Bringing the kernel's rules to what the store says, at the price of two system calls when nothing changed."""

from __future__ import annotations

import json
import os

from ..linux import nftables
from ..store import write_file
from . import rules
from .model import Published, all_networks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..store import Store


def sync(store: Store) -> None:
    """Replace the rules of this installation, in one transaction, unless they are in place already.

    Raises OSError, and HostLacks when the host has no nft.
    """
    with store.lock("firewall", "rules"):
        wanted = _wanted(store)
        if _applied(store) == _fingerprint(wanted):
            return
        nftables.apply(json.loads(wanted))
        write_file(_path(store), json.dumps(_fingerprint(wanted)).encode())


def _wanted(store: Store) -> str:
    table = store.layout.label.replace("-", "_")
    networks = all_networks(store)
    if not networks:
        return json.dumps(rules.removal(table))
    ports = [Published(*row) for row in store.query(f"SELECT {', '.join(Published._fields)} FROM ports")]
    return json.dumps(rules.ruleset(table, networks, ports))


def _fingerprint(wanted: str) -> list[object]:
    """Return what stays the same as long as nobody has changed any rule of this kernel and network namespace."""
    try:
        generation = nftables.generation()
    except OSError:
        generation = -1  # no nftables yet: its module is loaded by the first rule
    return [os.stat("/proc/thread-self/ns/net").st_ino, generation, wanted]


def _applied(store: Store) -> object:
    try:
        with open(_path(store), "rb") as file:
            return json.loads(file.read())
    except (FileNotFoundError, ValueError):
        return None


def _path(store: Store) -> str:
    return f"{store.layout.run}/firewall.json"
