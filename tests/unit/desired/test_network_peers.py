"""Peers of an overlay network: what a task changes, and what it leaves."""

from __future__ import annotations

from typing import Any

from runtime_lib.desired.network_plan import Present, plan, wish
from runtime_lib.desired.plan import Plan
from runtime_lib.networks.peers import Peer

IPAM = [{"subnet": "10.20.0.0/16", "iprange": "10.20.1.0/24"}]
B = {"name": "b", "address": "192.0.2.2", "slice": "10.20.2.0/24"}
C = {"name": "c", "address": "192.0.2.3", "slice": "10.20.3.0/24"}
WEB = {"names": ["web"], "address": "10.20.2.1", "mac": "02:42:0a:14:02:01"}


def options(**more: Any) -> dict[str, Any]:
    return {"name": "mesh", "state": "present", "driver": "overlay", "ipam_config": IPAM, **more}


def planned(before: dict[str, Any], now: dict[str, Any], sound: bool = True) -> Plan:
    spec = wish(before).spec
    return plan(wish(now), Present(spec, spec.subnets, sound=sound))


def test_only_what_differs_is_told() -> None:
    made = planned(options(peers=[B, C]), options(peers=[{**B, "endpoints": [WEB]}, {**C, "name": "d"}]))
    assert [step.describe() for step in made.steps] == ["network mesh: add peer d, change peer b, remove peer c"]
    assert sorted(made.before) == sorted(made.after) == ["peers.b", "peers.c", "peers.d"]
    assert (made.before["peers.d"], made.after["peers.c"]) == (None, None)
    assert made.after["peers.b"]["endpoints"][0]["names"] == ("web",)


def test_a_task_that_names_no_peers_leaves_them() -> None:
    assert not planned(options(peers=[B]), options()).changed
    assert not planned(options(peers=[{**B, "endpoints": [WEB]}]), options(peers=[B])).changed
    gone = planned(options(peers=[B]), options(peers=[]))
    assert [step.describe() for step in gone.steps] == ["network mesh: remove peer b"]


def test_what_somebody_broke_is_mended() -> None:
    made = planned(options(peers=[B]), options(peers=[B]), sound=False)
    assert [step.describe() for step in made.steps] == ["network mesh: mend interfaces and forwarding entries"]


def test_a_network_that_is_made_anew_keeps_its_peers() -> None:
    made = planned(options(peers=[B]), options(internal=True))
    (created,) = [step for step in made.steps if step.describe() == "recreate network mesh"]
    assert [peer.name for peer in created.spec.peers] == ["b"]  # type: ignore[attr-defined]
    assert isinstance(created.spec.peers[0], Peer)  # type: ignore[attr-defined]
