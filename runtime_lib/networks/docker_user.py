"""Beside Docker: its FORWARD policy drops what it does not know; its chain DOCKER-USER is for exceptions. Pure.

What goes into Skiff's bridges is accepted there, because Skiff's own table decides about it. What comes from them is
accepted but for Docker's bridges, so that Docker's own rules decide who reaches its containers.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

TABLE, CHAIN = "filter", "DOCKER-USER"
_DOCKERS = ("docker*", "br-*")
_PLACE = {"family": "ip", "table": TABLE, "chain": CHAIN}


def commands(present: Sequence[dict[str, Any]], bridges: Sequence[str], label: str) -> list[dict[str, Any]]:
    """Return the commands that replace this installation's rules, known by their comment, in a chain that exists."""
    gone = [
        {"delete": {"rule": {**_PLACE, "handle": rule["handle"]}}} for rule in present if rule.get("comment") == label
    ]
    # Each is inserted at the top, so the last one comes first.
    new = [
        {"insert": {"rule": {**_PLACE, "expr": expression, "comment": label}}}
        for name in sorted(bridges)
        for expression in reversed(_rules(name))
    ]
    return gone + new


def _rules(bridge: str) -> list[list[dict[str, Any]]]:
    comes = _match("iifname", bridge)
    dockers = [[comes, _match("oifname", name), {"return": None}] for name in _DOCKERS]
    return [[_match("oifname", bridge), {"accept": None}], *dockers, [comes, {"accept": None}]]


def _match(key: str, name: str) -> dict[str, Any]:
    return {"match": {"op": "==", "left": {"meta": {"key": key}}, "right": name}}
