"""The peers of an overlay network: from a task's option and what is there to the steps."""

from __future__ import annotations

from ..networks import driver, peering, peers
from ..networks.peers import Peer
from ..records import dataclass, replace
from .plan import Plan

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..networks.spec import NetworkSpec
    from ..store import Store


@dataclass(frozen=True)
class SetPeers:
    """Let a network have other peers; its containers stay connected."""

    network: str
    peers: tuple[Peer, ...]
    changes: str

    def describe(self) -> str:
        """Return what it does."""
        return f"network {self.network}: {self.changes}"

    def action(self) -> dict[str, Any]:
        """Return it for programs."""
        return {"peers": self.network, "changes": self.changes}

    def apply(self, store: Store) -> None:
        """Do it."""
        peering.change(store, self.network, self.peers)


@dataclass(frozen=True)
class Mend:
    """Bring the interfaces and entries of a network back to what its peers need."""

    network: str

    def describe(self) -> str:
        """Return what it does."""
        return f"network {self.network}: mend interfaces and forwarding entries"

    def action(self) -> dict[str, Any]:
        """Return it for programs."""
        return {"mended": self.network}

    def apply(self, store: Store) -> None:
        """Do it."""
        peering.mend(store, self.network)


def completed(wanted: NetworkSpec, given: bool, present: NetworkSpec) -> NetworkSpec:
    """Return the wanted network with the peers that it shall have: those that are there, unless the task names some."""
    if not driver.has_peers(wanted.driver):
        return wanted
    return replace(wanted, peers=peers.merged(wanted.peers, present.peers) if given else present.peers)


def plan(wanted: NetworkSpec, present: NetworkSpec, sound: bool) -> Plan:
    """Return the step for what differs; `sound` says that the host has what the present peers need. Pure."""
    if not driver.has_peers(wanted.driver):
        return Plan()
    before, after = peers.shown(present.peers), peers.shown(wanted.peers)
    if before != after:
        step = SetPeers(wanted.name, wanted.peers, _words(before, after))
        changed = sorted(name for name in {*before, *after} if before.get(name) != after.get(name))
        return Plan((step,), _part(before, changed), _part(after, changed))
    return Plan() if sound else Plan((Mend(wanted.name),), {"mended": False}, {"mended": True})


def _part(known: dict[str, Any], names: list[str]) -> dict[str, Any]:
    return {f"peers.{name}": known.get(name) for name in names}


def _words(before: dict[str, Any], after: dict[str, Any]) -> str:
    """Return what happens to which peers, in words."""
    kinds = {
        "add": sorted(after.keys() - before.keys()),
        "change": sorted(name for name in after.keys() & before.keys() if before[name] != after[name]),
        "remove": sorted(before.keys() - after.keys()),
    }
    return ", ".join(f"{verb} peer {name}" for verb, names in kinds.items() for name in names)
